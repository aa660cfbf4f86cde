package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/lake"
	"apotheca/internal/warehouse"
)

// Options of a run. All of it is given; nothing is looked up.
type Options struct {
	Layout   Layout
	Version  string
	From, To Stage

	// RunDate is the day that is today to the models, YYYY-MM-DD.
	RunDate string
	// FullRefresh starts the extract afresh and rebuilds incremental models.
	FullRefresh bool

	// Source is where the data come from: *Registry or *Files.
	Source Source
	// Reads are the flags that make another run read the same: "--sample=100".
	Reads string
	// Folder is where the pipeline is declared; empty for one that is built in.
	Folder string
	// Answer is the model that is shown at the end of a run; may be empty.
	Answer string
	// Private: there are personal data among the values, so that no value is
	// written down.
	Private bool

	Project      fs.FS
	ProjectLabel string // how messages name the project's root
	Target       string // output of profiles.yml; empty is its own choice
	Env          func(string) (string, bool)
	Threads      int

	KeepExtracts int // finished extracts that stay in the lake
	KeepRuns     int // run records that stay

	// Open opens the warehouse of a target.
	Open func(context.Context, dbt.Target) (warehouse.Warehouse, error)
	// Mask hides the secrets in what is written to disk; nil hides nothing.
	Mask func(string) string
	// Reporter is told of what happens, from one goroutine at a time.
	Reporter Reporter
	Now      func() time.Time
}

// Reporter shows a run while it happens.
type Reporter interface {
	Started(Stage)
	// Progress replaces what was said of the stage before.
	Progress(stage Stage, text string)
	// Note is worth a line of its own: a retry, a pass begun again, and why.
	Note(stage Stage, text string)
	Finished(StageRecord)
	// Node is an event of the build stage.
	Node(build.Event)
}

// run is one run under way.
type run struct {
	Options
	lake    *lake.Lake
	journal Journal
	record  *Record

	warehouse warehouse.Warehouse // nil before the first stage that needs it
	lock      warehouse.Lock      // nil where the warehouse lets nobody else in
}

// Run runs the stages from one to another and returns the run's record, which
// is also in the journal. The error says why the run is not green; the record
// is nil only when the run could not begin.
func Run(ctx context.Context, o Options) (*Record, error) {
	r := &run{
		Options: o,
		lake:    lake.Open(o.Layout.Lake(), lake.Options{Now: o.Now}),
		journal: Journal{layout: o.Layout, mask: o.Mask},
	}
	lock, err := r.lake.Lock()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	r.record = newRecord(o, o.Now().UTC())
	log, err := openLog(o, r.record.RunID)
	if err != nil {
		return nil, err
	}
	r.Reporter = log
	// A run that cannot be recorded must not begin: nobody would know of it.
	if err := r.journal.Write(r.record); err != nil {
		return nil, errors.Join(err, log.close())
	}
	log.line("run %s of %s for %s, version %s, process %d", r.record.RunID, o.Layout.Pipeline, o.RunDate, o.Version, r.record.PID)
	err = errors.Join(r.stages(ctx), r.leaveWarehouse())
	r.close(ctx, err)
	log.line("run %s: %s", r.record.Status, r.record.Error)
	// The log is closed last: as long as it is open, the run is under way.
	return r.record, errors.Join(err,
		r.journal.Write(r.record),
		r.journal.Prune(o.Layout.Pipeline, max(o.KeepRuns, 1)),
		log.close())
}

func (r *run) stages(ctx context.Context) error {
	for _, stage := range between(r.Source.Stages(), r.From, r.To) {
		if err := r.stage(ctx, stage); err != nil {
			return fmt.Errorf("%s: %w", stage, err)
		}
	}
	if r.To != Build {
		return nil
	}
	return r.record.Certificate.Err()
}

// stage runs one stage between two states of the record.
func (r *run) stage(ctx context.Context, stage Stage) error {
	started := r.Now().UTC()
	r.record.Stages = append(r.record.Stages, StageRecord{Name: stage, Status: Running, StartedAt: started})
	s := &r.record.Stages[len(r.record.Stages)-1]
	if err := r.journal.Write(r.record); err != nil {
		return err
	}
	r.Reporter.Started(stage)
	forgetPeakMemory()
	work := map[Stage]func(context.Context, *StageRecord) error{
		Extract: r.extract, Compact: r.compact, Load: r.load, Build: r.build,
	}[stage]
	err := work(ctx, s)
	s.DurationMS = r.Now().Sub(started).Milliseconds()
	s.PeakMemoryBytes = peakMemory()
	s.Status = outcome(ctx, err)
	if err != nil {
		s.Error = reason(ctx, err)
	}
	r.Reporter.Finished(*s)
	return err
}

// close settles the record.
func (r *run) close(ctx context.Context, err error) {
	finished := r.Now().UTC()
	r.record.FinishedAt = &finished
	r.record.Status = outcome(ctx, err)
	if err != nil {
		r.record.Error = reason(ctx, err)
	}
	if c := r.record.Certificate; c != nil {
		c.DurationMS = finished.Sub(r.record.StartedAt).Milliseconds()
		for _, s := range r.record.Stages {
			c.PeakMemoryBytes = max(c.PeakMemoryBytes, s.PeakMemoryBytes)
		}
	}
}

// reason is an error as it is recorded: of what was stopped not where it was,
// but who stopped it.
func reason(ctx context.Context, err error) string {
	if outcome(ctx, err) == Interrupted {
		return context.Cause(ctx).Error()
	}
	return err.Error()
}

func outcome(ctx context.Context, err error) Status {
	switch {
	case err == nil:
		return Success
	case ctx.Err() != nil:
		return Interrupted
	default:
		return Failure
	}
}
