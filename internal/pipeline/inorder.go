package pipeline

import (
	"context"
	"sync"
)

// inOrder works on things side by side and takes them in the order in which
// they came. Next gives one thing after another, false after the last; it is
// called by one goroutine, and so is take. The first error stops all and is
// what is returned.
func inOrder[T any](ctx context.Context, workers int, next func(context.Context) (T, bool, error), work, take func(T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	type task struct {
		thing T
		done  chan struct{}
	}
	// The queue is what bounds how far one thing runs ahead of another.
	tasks, queue := make(chan task), make(chan task, workers-1)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel(nil)
	wait.Go(func() {
		defer close(tasks)
		defer close(queue)
		for {
			thing, more, err := next(ctx)
			if err != nil {
				cancel(err)
			}
			if err != nil || !more {
				return
			}
			t := task{thing, make(chan struct{})}
			if !send(ctx, queue, t) || !send(ctx, tasks, t) {
				return
			}
		}
	})
	for range workers {
		wait.Go(func() {
			for t := range tasks {
				if err := work(t.thing); err != nil {
					cancel(err)
					return
				}
				close(t.done)
			}
		})
	}
	for t := range queue {
		select {
		case <-t.done:
			if err := take(t.thing); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return context.Cause(ctx)
}
