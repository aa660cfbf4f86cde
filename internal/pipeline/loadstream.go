package pipeline

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"time"

	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/warehouse"
)

// stream reads the extract once and loads all tables at the same time.
//
//	row groups ─ read and flatten, some at once ─ batches, in the order
//	of the file ─ per table: a session that loads
//
// A batch is the rows of one row group. The first that fails stops all, and
// its error is the cause.
func (l *stagingLoader) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sinks := make([]chan *flatten.Batch, len(l.tables))
	for i := range sinks {
		sinks[i] = make(chan *flatten.Batch, 1)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := l.distribute(ctx, sinks); err != nil {
			cancel(err)
		}
		for _, sink := range sinks {
			close(sink)
		}
	})
	err := l.eachTable(ctx, func(ctx context.Context, conn warehouse.Conn, table int) error {
		return l.loadTable(ctx, conn, table, sinks[table])
	})
	cancel(err)
	wait.Wait()
	return err
}

// flattening is a row group on its way, with what is needed to flatten it.
type flattening struct {
	group     int
	flattener *flatten.Flattener
	batch     *flatten.Batch
}

// flattenersMax bounds the memory of a load on a machine of many processors:
// each holds a row group and its rows.
const flattenersMax = 4

// distribute flattens the row groups side by side and hands each batch to all
// tables, in the order of the file.
func (l *stagingLoader) distribute(ctx context.Context, sinks []chan *flatten.Batch) error {
	flattenings := make([]*flattening, min(runtime.GOMAXPROCS(0), flattenersMax)+1)
	for i := range flattenings {
		flattenings[i] = &flattening{flattener: l.Spec.Flattener(l.Content.ExtractID), batch: l.Spec.Batch()}
	}
	begun := 0
	next := func(f *flattening) (bool, error) {
		f.group = begun
		begun++
		return f.group < l.reading.Groups(), nil
	}
	work := func(ctx context.Context, f *flattening) error {
		f.batch = f.batch.Next() // the tables may still have the last one
		return l.flatten(ctx, f)
	}
	take := func(f *flattening) error {
		for _, sink := range sinks {
			if !send(ctx, sink, f.batch) {
				return context.Cause(ctx)
			}
		}
		return nil
	}
	return inOrder(ctx, flattenings, next, work, take)
}

func (l *stagingLoader) flatten(ctx context.Context, f *flattening) error {
	err := l.reading.Group(ctx, f.group, func(row *lake.Row) error {
		f.flattener.Flatten(&flatten.Record{
			Identity: row.NCTID, Page: int64(row.Page), Position: int64(row.Position), Problem: row.Problem,
			ContentHash: row.ContentHash, LastUpdatePostDate: row.LastUpdatePostDate, FetchedAt: row.FetchedAt,
			Body: row.Study,
		}, f.batch)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read extract %s: %w", l.Lake, err)
	}
	return nil
}

// loadTable loads the rows of one table until its batches end.
func (l *stagingLoader) loadTable(ctx context.Context, conn warehouse.Conn, table int, batches <-chan *flatten.Batch) error {
	t := l.tables[table]
	started := time.Now()
	rows, err := conn.Load(ctx, l.relation(t, loading), t.Columns, received(ctx, table, batches))
	l.loaded[table] = LoadedTable{Name: t.Name, Rows: rows, Duration: time.Since(started)}
	return err
}

// received are the rows of one table. Batches that end because the load has
// failed are no end, but an error: or half a table would be complete.
func received(ctx context.Context, table int, batches <-chan *flatten.Batch) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for {
			batch, more := receive(ctx, batches)
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if !more {
				return
			}
			for row := range batch.Rows(table) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
