package pipeline

import (
	"context"
	"sync"
)

// inOrder fills things one after another, works on them side by side, takes
// them in the order in which they were filled, and fills them again. There is a
// worker for each thing but one: so one can be filled or taken meanwhile, and
// none runs further ahead.
//
// Next says whether there was anything to fill with; it is called by one
// goroutine, and so is take. The first error stops all and is what is returned.
func inOrder[T any](ctx context.Context, things []T, next func(T) (bool, error), work func(context.Context, T) error, take func(T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	type task struct {
		thing T
		done  chan struct{}
	}
	// Each has room for all things: whoever has one is never kept waiting.
	free, tasks, queue := make(chan T, len(things)), make(chan task, len(things)), make(chan task, len(things))
	for _, thing := range things {
		free <- thing
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel(nil)
	wait.Go(func() {
		defer close(tasks)
		defer close(queue)
		for {
			thing, isFree := receive(ctx, free)
			if !isFree {
				return
			}
			more, err := next(thing)
			if err != nil {
				cancel(err)
			}
			if err != nil || !more {
				return
			}
			t := task{thing, make(chan struct{})}
			queue <- t
			tasks <- t
		}
	})
	for range len(things) - 1 {
		wait.Go(func() {
			for t := range tasks {
				if ctx.Err() != nil {
					return
				}
				if err := work(ctx, t.thing); err != nil {
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
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := take(t.thing); err != nil {
			return err
		}
		free <- t.thing
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

func receive[T any](ctx context.Context, from <-chan T) (v T, ok bool) {
	select {
	case v, ok = <-from:
		return v, ok
	case <-ctx.Done():
		return v, false
	}
}
