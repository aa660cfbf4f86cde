package graph

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
)

// State is where a step ended.
type State string

// The states a step can end in.
const (
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Skipped   State = "skipped"
)

// Outcome is what became of one step.
type Outcome struct {
	ID    string
	State State
	// Err is what Run returned, or for a skipped step a *SkipError or the
	// cause for which the whole run was stopped.
	Err error
}

// A SkipError says which failed step kept another from running.
type SkipError struct{ Cause string }

func (e *SkipError) Error() string { return fmt.Sprintf("skipped: %s failed", e.Cause) }

// Options of a run.
type Options struct {
	// Workers is how many steps may run at once; less than one means one.
	Workers int
	// Skip is told of every skipped step, when it is known that it will not
	// run. It is called from one goroutine at a time. May be nil.
	Skip func(Outcome)
}

// Run runs the steps and returns one outcome for each, in the graph's order.
// Of the steps that may start, the first in that order starts first. When ctx
// ends, running steps are left to notice it, and no other step starts.
func (g *Graph) Run(ctx context.Context, opts Options) []Outcome {
	r := &run{graph: g, opts: opts, outcomes: make([]Outcome, len(g.steps)), missing: make([]int, len(g.steps))}
	for i, s := range g.steps {
		r.missing[i] = len(unique(s.Needs))
		if r.missing[i] == 0 {
			heap.Push(&r.ready, i)
		}
	}
	r.loop(ctx)
	return r.outcomes
}

type run struct {
	graph    *Graph
	opts     Options
	outcomes []Outcome
	missing  []int // needs of a step that have not succeeded yet
	ready    intHeap
}

type finish struct {
	step int
	err  error
}

// loop is the only goroutine that touches the state of the run.
func (r *run) loop(ctx context.Context) {
	workers := max(r.opts.Workers, 1)
	finished := make(chan finish)
	var group sync.WaitGroup
	running := 0
	for {
		for running < workers && len(r.ready) > 0 && ctx.Err() == nil {
			i := heap.Pop(&r.ready).(int)
			running++
			group.Go(func() { finished <- finish{i, r.graph.steps[i].Run(ctx)} })
		}
		if running == 0 {
			break
		}
		f := <-finished
		running--
		r.settle(f)
	}
	group.Wait()
	for i, s := range r.graph.steps {
		if r.outcomes[i].State == "" {
			r.skip(i, Outcome{ID: s.ID, State: Skipped, Err: context.Cause(ctx)})
		}
	}
}

func (r *run) settle(f finish) {
	id := r.graph.steps[f.step].ID
	if f.err != nil {
		r.outcomes[f.step] = Outcome{ID: id, State: Failed, Err: f.err}
		r.skipDescendants(f.step, id)
		return
	}
	r.outcomes[f.step] = Outcome{ID: id, State: Succeeded}
	for _, child := range r.graph.children[f.step] {
		r.missing[child]--
		if r.missing[child] == 0 && r.outcomes[child].State == "" {
			heap.Push(&r.ready, child)
		}
	}
}

// skipDescendants marks what hangs on a failed step. A step below two failures
// keeps the cause that happened first.
func (r *run) skipDescendants(parent int, cause string) {
	for _, child := range r.graph.children[parent] {
		if r.outcomes[child].State != "" {
			continue
		}
		r.skip(child, Outcome{ID: r.graph.steps[child].ID, State: Skipped, Err: &SkipError{Cause: cause}})
		r.skipDescendants(child, cause)
	}
}

func (r *run) skip(i int, o Outcome) {
	r.outcomes[i] = o
	if r.opts.Skip != nil {
		r.opts.Skip(o)
	}
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
