package pipeline

import (
	"context"
	"fmt"

	"apotheca/internal/lake"
)

// Source is where the data of a pipeline come from, and how they become
// tables: *Registry or *Files. All else is the same for every pipeline.
type Source interface {
	// Stages are those of such a pipeline, in the order of the data.
	Stages() []Stage
	// SchemaName is where the load puts its tables.
	SchemaName() string
	// content is what the tables hold once an extract was loaded.
	content(*run, lake.Snapshot) Content
	// extract brings the data into the lake.
	extract(context.Context, *run, *StageRecord) error
	// load replaces the tables in the warehouse by what an extract holds.
	load(context.Context, *run, lake.Snapshot, *StageRecord) error
	// certify balances what was read with what is in the warehouse.
	certify(context.Context, *run, *counting) error
}

var (
	_ Source = (*Registry)(nil)
	_ Source = (*Files)(nil)
)

func (r *run) extract(ctx context.Context, s *StageRecord) error { return r.Source.extract(ctx, r, s) }

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
