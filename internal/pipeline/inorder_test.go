package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

type numbered struct{ number, square int }

// upTo fills things with the numbers from 1 to n.
func upTo(n int) func(*numbered) (bool, error) {
	at := 0
	return func(thing *numbered) (bool, error) {
		at++
		thing.number = at
		return at <= n, nil
	}
}

func things(n int) []*numbered {
	out := make([]*numbered, n)
	for i := range out {
		out[i] = &numbered{}
	}
	return out
}

func TestInOrder(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 7} {
		var got []int
		var busy, most atomic.Int64
		work := func(_ context.Context, thing *numbered) error {
			most.Store(max(most.Load(), busy.Add(1)))
			defer busy.Add(-1)
			thing.square = thing.number * thing.number
			return nil
		}
		take := func(thing *numbered) error {
			got = append(got, thing.square)
			return nil
		}
		if err := inOrder(t.Context(), things(workers+1), upTo(1000), work, take); err != nil {
			t.Fatal(err)
		}
		var want []int
		for n := 1; n <= 1000; n++ {
			want = append(want, n*n)
		}
		if !slices.Equal(got, want) || most.Load() > int64(workers) {
			t.Errorf("%d workers, %d at once: took %v, want the squares in order", workers, most.Load(), got)
		}
	}
}

// Wherever it fails: that error is returned, and nothing behind it is taken.
func TestInOrderStops(t *testing.T) {
	t.Parallel()
	failure := errors.New("no more")
	ctx, cancel := context.WithCancelCause(t.Context())
	for name, fail := range map[string]func(place string, number int) error{
		"next": nil, "work": nil, "take": nil,
		"context": func(place string, number int) error {
			if place == "take" && number == 50 {
				cancel(failure)
			}
			return nil
		},
	} {
		if fail == nil {
			fail = func(place string, number int) error {
				if place == name && number == 50 {
					return failure
				}
				return nil
			}
		}
		numbers, last := upTo(1_000_000), 0
		next := func(thing *numbered) (bool, error) {
			more, _ := numbers(thing)
			return more, fail("next", thing.number)
		}
		work := func(_ context.Context, thing *numbered) error { return fail("work", thing.number) }
		take := func(thing *numbered) error {
			last = thing.number
			return fail("take", thing.number)
		}
		within := t.Context()
		if name == "context" {
			within = ctx
		}
		if err := inOrder(within, things(4), next, work, take); !errors.Is(err, failure) || last > 60 {
			t.Errorf("%s: %v behind number %d, want %v at 50", name, err, last, failure)
		}
	}
}
