package pipeline

import (
	"context"
	"fmt"
	"time"

	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/source"
	"apotheca/internal/warehouse"
)

// Registry is the API of ClinicalTrials.gov as a source: its studies are
// flattened into the staging tables.
type Registry struct {
	Client source.CTGovOptions
	Rate   Rate
	Retry  source.Policy // zero values are its defaults
	// Name is what is read: a base URL, or how a sample was made. An unfinished
	// extract is taken up again only by a run that reads the same.
	Name string
	Spec *flatten.Spec
	// Schema is where the load puts its tables.
	Schema string
}

// Rate is how many requests may fall into any window. Zero values are the
// defaults of source.Pace; below zero there is no limit.
type Rate struct {
	Requests int
	Window   time.Duration
}

// Stages implements Source.
func (g *Registry) Stages() []Stage { return stages[:] }

// SchemaName implements Source.
func (g *Registry) SchemaName() string { return g.Schema }

func (g *Registry) content(r *run, s lake.Snapshot) Content {
	return Content{
		Pipeline: r.Layout.Pipeline, ExtractID: s.ID, Source: s.Source, DataTimestamp: s.DataTimestamp, Digest: s.Digest(),
		Noun: "studies", Records: int64(s.Studies), Quarantined: int64(s.Quarantined),
	}
}

// extract reads the registry into the lake, or goes on where it stopped.
func (g *Registry) extract(ctx context.Context, r *run, s *StageRecord) error {
	client, err := source.NewCTGov(g.Client)
	if err != nil {
		return err
	}
	reading := registryReading{run: r, rate: g.Rate}
	started := r.Now()
	snapshot, err := Extraction{
		Lake: r.lake, Client: client, Source: g.Name, Afresh: r.FullRefresh,
		Pace:   source.PaceOptions{Limit: g.Rate.Requests, Window: g.Rate.Window},
		Retry:  g.Retry,
		Report: func(e ExtractEvent) { reading.report(e, r.Now().Sub(started)) },
	}.Run(ctx)
	if err != nil {
		return err
	}
	s.Extract = snapshot.ID
	s.Counts = map[string]int64{
		"pages": int64(snapshot.Pages), "studies": int64(snapshot.Studies),
		"quarantined": int64(snapshot.Quarantined), "total": int64(snapshot.Total),
	}
	return nil
}

// load flattens the studies into the staging tables.
func (g *Registry) load(ctx context.Context, r *run, snapshot lake.Snapshot, s *StageRecord) error {
	loaded, err := LoadStaging(ctx, StagingLoad{
		Warehouse: r.warehouse, Lock: r.lock, Spec: g.Spec, Lake: snapshot.Path, Content: g.content(r, snapshot), Schema: g.Schema,
	})
	if err != nil {
		return err
	}
	s.Counts = map[string]int64{
		"records": loaded.Records, "studies": loaded.Loaded, "quarantined": loaded.Quarantined,
	}
	s.countTables(loaded.Tables)
	return nil
}

// certify balances what the registry announced with what is in the warehouse.
func (g *Registry) certify(ctx context.Context, r *run, c *counting) error {
	quarantined := Term{"quarantined", c.rows(g.Schema, flatten.Quarantine)}
	total := int64(c.snapshot.Total)
	c.certificate.balance("distinct studies in the lake + records that are none", total,
		Term{"distinct studies in the lake", int64(c.snapshot.Studies)}, Term{"records that are none", int64(c.snapshot.Quarantined)})
	c.certificate.balance("rows in "+g.Schema+".studies + quarantined", total,
		Term{g.Schema + ".studies", c.rows(g.Schema, "studies")}, quarantined)
	c.certificate.balance("rows in dim_study + quarantined", total,
		Term{"dim_study", c.rows(c.project.Target.Schema, "dim_study")}, quarantined)
	if quarantined.Count <= 0 {
		return nil
	}
	found, err := c.quarantine(ctx, g.Schema, "page, position, "+r.warehouse.Dialect().Quote(g.Spec.Identity())+", reason")
	for _, row := range found {
		page, _ := row[0].(int64)
		position, _ := row[1].(int64)
		identity, _ := row[2].(string)
		c.certificate.Quarantine = append(c.certificate.Quarantine,
			Rejected{Page: page, Position: position, Identity: identity, Reason: warehouse.Text(row[3])})
	}
	return err
}

// registryReading shows how far the reading of a registry is.
type registryReading struct {
	*run
	rate    Rate
	earlier ExtractEvent // where an extract stood that was taken up again
}

func (r *registryReading) report(e ExtractEvent, elapsed time.Duration) {
	switch {
	case e.Retrying != nil:
		r.Reporter.Note(Extract, fmt.Sprintf("page %d, attempt %d: %v; trying again in %s",
			e.Pages+1, e.Retrying.Attempt, e.Retrying.Err, e.Retrying.Wait.Round(100*time.Millisecond)))
	case e.Restarting != "":
		r.earlier = ExtractEvent{}
		r.Reporter.Note(Extract, "starting the pass again: "+e.Restarting)
	case e.Resumed != "":
		r.earlier = e
		r.Reporter.Note(Extract, fmt.Sprintf("going on with extract %s after page %d", e.Resumed, e.Pages))
	default:
		r.Reporter.Progress(Extract, r.progress(e, elapsed))
	}
}

// progress is one line: how far, how fast, how long still.
func (r *registryReading) progress(e ExtractEvent, elapsed time.Duration) string {
	text := fmt.Sprintf("page %d, %s", e.Pages, plural(int64(e.Studies), "study"))
	if e.Total > 0 {
		text = fmt.Sprintf("page %d, %s of %s studies", e.Pages, Grouped(e.Studies), Grouped(e.Total))
	}
	if seconds := elapsed.Seconds(); seconds > 1 {
		text += fmt.Sprintf(", %.0f/s", float64(e.Studies-r.earlier.Studies)/seconds)
	}
	if e.Total > 0 && e.Pages > 0 {
		text += ", " + r.remaining(e, elapsed).Round(time.Second).String() + " left"
	}
	if e.Waiting >= 100*time.Millisecond {
		text += fmt.Sprintf(" (waiting %s for the rate limit)", e.Waiting.Round(100*time.Millisecond))
	}
	return text
}

// remaining estimates by the pace so far, and never below what the rate limit
// allows: early pages are fast, the limit comes later.
func (r *registryReading) remaining(e ExtractEvent, elapsed time.Duration) time.Duration {
	perPage := float64(e.Studies+e.Quarantined) / float64(e.Pages)
	pages := float64(e.Total-e.Studies-e.Quarantined) / max(perPage, 1)
	var left time.Duration
	if read := e.Pages - r.earlier.Pages; read > 0 {
		left = time.Duration(pages * float64(elapsed) / float64(read))
	}
	if r.rate.Requests > 0 {
		windows := (pages + float64(e.Pages%r.rate.Requests)) / float64(r.rate.Requests)
		left = max(left, time.Duration(int(windows))*r.rate.Window)
	}
	return max(left, 0)
}
