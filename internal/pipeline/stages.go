package pipeline

import (
	"context"
	"fmt"
	"time"

	"apotheca/internal/lake"
	"apotheca/internal/source"
)

// extract reads the registry into the lake, or goes on where it stopped.
func (r *run) extract(ctx context.Context, s *StageRecord) error {
	client, err := source.NewCTGov(r.Registry)
	if err != nil {
		return err
	}
	started := r.Now()
	snapshot, err := Extraction{
		Lake: r.lake, Client: client, Source: r.Source, Afresh: r.FullRefresh,
		Pace:   source.PaceOptions{Limit: r.Rate.Requests, Window: r.Rate.Window},
		Retry:  r.Retry,
		Report: func(e ExtractEvent) { r.reportExtract(e, r.Now().Sub(started)) },
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

func (r *run) reportExtract(e ExtractEvent, elapsed time.Duration) {
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
		r.Reporter.Progress(Extract, r.extractProgress(e, elapsed))
	}
}

// extractProgress is one line: how far, how fast, how long still.
func (r *run) extractProgress(e ExtractEvent, elapsed time.Duration) string {
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
func (r *run) remaining(e ExtractEvent, elapsed time.Duration) time.Duration {
	perPage := float64(e.Studies+e.Quarantined) / float64(e.Pages)
	pages := float64(e.Total-e.Studies-e.Quarantined) / max(perPage, 1)
	var left time.Duration
	if read := e.Pages - r.earlier.Pages; read > 0 {
		left = time.Duration(pages * float64(elapsed) / float64(read))
	}
	if r.Rate.Requests > 0 {
		windows := (pages + float64(e.Pages%r.Rate.Requests)) / float64(r.Rate.Requests)
		left = max(left, time.Duration(int(windows))*r.Rate.Window)
	}
	return max(left, 0)
}

// compact makes the finished extract one file, and lets old ones go.
func (r *run) compact(ctx context.Context, s *StageRecord) error {
	newest, err := r.lake.Newest()
	if err != nil {
		return err
	}
	if newest.State != lake.Success {
		return &OrderError{
			Problem: fmt.Sprintf("extract %s is not finished (%s)", newest.ID, newest.State),
			Command: r.Layout.Command(r.Reads),
		}
	}
	snapshot, err := r.lake.Compact(ctx, newest.ID, func(done, all int) {
		r.Reporter.Progress(Compact, fmt.Sprintf("%d of %d row groups", done, all))
	})
	if err != nil {
		return err
	}
	s.Extract = snapshot.ID
	s.Counts = map[string]int64{
		"studies": int64(snapshot.Studies), "bytes": snapshot.Compacted.Bytes,
		"row_groups": int64(snapshot.Compacted.RowGroups), "superseded": int64(snapshot.Compacted.Superseded),
	}
	removed, err := r.lake.Retain(max(r.KeepExtracts, 1), snapshot.ID)
	for _, id := range removed {
		r.Reporter.Note(Compact, "removed old extract "+id)
	}
	return err
}

// OrderError says that a stage before the one asked for has not been done.
type OrderError struct{ Problem, Command string }

func (e *OrderError) Error() string { return e.Problem }

// Hint is what to type.
func (e *OrderError) Hint() string { return e.Command }
