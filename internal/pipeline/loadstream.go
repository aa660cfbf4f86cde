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

// flattenersMax bounds the memory of a load on a machine of many processors:
// each holds a row group and its rows.
const flattenersMax = 4

// distribute flattens the row groups side by side and hands each batch to all
// tables, in the order of the file.
func (l *stagingLoader) distribute(ctx context.Context, sinks []chan *flatten.Batch) error {
	ctx, cancel := context.WithCancelCause(ctx)
	workers := min(runtime.GOMAXPROCS(0), flattenersMax)
	type task struct {
		group int
		batch chan *flatten.Batch
	}
	tasks, queue := make(chan task), make(chan task, workers-1)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel(nil)
	wait.Go(func() {
		defer close(tasks)
		defer close(queue)
		for group := range l.reading.Groups() {
			t := task{group, make(chan *flatten.Batch, 1)}
			// The queue is what bounds how far one group runs ahead.
			for _, to := range []chan task{queue, tasks} {
				select {
				case to <- t:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wait.Go(func() {
			flattener, batch := l.Spec.Flattener(l.Content.ExtractID), l.Spec.Batch()
			for t := range tasks {
				batch = batch.Next()
				if err := l.flatten(ctx, flattener, t.group, batch); err != nil {
					cancel(err)
					return
				}
				t.batch <- batch
			}
		})
	}
	for t := range queue {
		select {
		case batch := <-t.batch:
			for _, sink := range sinks {
				if !send(ctx, sink, batch) {
					return context.Cause(ctx)
				}
			}
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

func send[T any](ctx context.Context, to chan<- T, v T) bool {
	select {
	case to <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *stagingLoader) flatten(ctx context.Context, flattener *flatten.Flattener, group int, batch *flatten.Batch) error {
	err := l.reading.Group(ctx, group, func(row *lake.Row) error {
		flattener.Flatten(&flatten.Record{
			Identity: row.NCTID, Page: int64(row.Page), Position: int64(row.Position), Problem: row.Problem,
			ContentHash: row.ContentHash, LastUpdatePostDate: row.LastUpdatePostDate, FetchedAt: row.FetchedAt,
			Body: row.Study,
		}, batch)
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
			var batch *flatten.Batch
			select {
			case batch = <-batches:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if batch == nil {
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
