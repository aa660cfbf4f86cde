package graph_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/graph"
)

func nothing(context.Context) error { return nil }

func step(id string, needs ...string) graph.Step {
	return graph.Step{ID: id, Needs: needs, Run: nothing}
}

func mustNew(t *testing.T, steps ...graph.Step) *graph.Graph {
	t.Helper()
	g, err := graph.New(steps)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return g
}

func TestOrderIsByDepthThenID(t *testing.T) {
	t.Parallel()
	g := mustNew(t, step("z"), step("b", "z"), step("a", "b", "z"), step("c", "z"), step("y"), step("d", "y", "y"))
	want := []string{"y", "z", "b", "c", "d", "a"}
	if diff := cmp.Diff(want, g.Order()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestNewSpellsTheCycle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		steps []graph.Step
		want  string
	}{
		{[]graph.Step{step("a", "b"), step("b", "a")}, "found a cycle: a → b → a"},
		{[]graph.Step{step("a", "a")}, "found a cycle: a → a"},
		{[]graph.Step{step("a", "x"), step("x", "y"), step("y", "z"), step("z", "x")}, "found a cycle: x → y → z → x"},
	}
	for _, tt := range tests {
		_, err := graph.New(tt.steps)
		if err == nil || err.Error() != tt.want {
			t.Errorf("New = %v, want %q", err, tt.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := graph.New([]graph.Step{step("a"), step("a")}); err == nil {
		t.Error("two steps of one name: no error")
	}
	if _, err := graph.New([]graph.Step{step("a", "b")}); err == nil {
		t.Error("a need that does not exist: no error")
	}
}

func TestRunKeepsTheOrderWithOneWorker(t *testing.T) {
	t.Parallel()
	var got []string
	record := func(id string, needs ...string) graph.Step {
		return graph.Step{ID: id, Needs: needs, Run: func(context.Context) error {
			got = append(got, id)
			return nil
		}}
	}
	g := mustNew(t, record("c"), record("a", "c"), record("b", "c"), record("d"))
	g.Run(t.Context(), graph.Options{})
	if diff := cmp.Diff(g.Order(), got); diff != "" {
		t.Errorf("run order (-want +got):\n%s", diff)
	}
}

func TestRunSkipsDescendantsAndKeepsBothFailures(t *testing.T) {
	t.Parallel()
	boom, bang := errors.New("boom"), errors.New("bang")
	fail := func(id string, err error) graph.Step {
		return graph.Step{ID: id, Run: func(context.Context) error { return err }}
	}
	g := mustNew(t, fail("a", boom), fail("b", bang), step("c", "a"), step("d", "c", "b"), step("e"), step("f", "e"))
	var skipped []string
	got := g.Run(t.Context(), graph.Options{Workers: 1, Skip: func(o graph.Outcome) { skipped = append(skipped, o.ID) }})

	want := map[string]string{
		"a": "failed: boom", "b": "failed: bang",
		"c": "skipped: skipped: a failed", "d": "skipped: skipped: a failed",
		"e": "succeeded", "f": "succeeded",
	}
	spelled := map[string]string{}
	for _, o := range got {
		spelled[o.ID] = string(o.State)
		if o.Err != nil {
			spelled[o.ID] += ": " + o.Err.Error()
		}
	}
	if diff := cmp.Diff(want, spelled); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"c", "d"}, skipped); diff != "" {
		t.Errorf("skip reports (-want +got):\n%s", diff)
	}
}

func TestRunUsesAllWorkersAndNoMore(t *testing.T) {
	t.Parallel()
	const workers = 3
	var atOnce, most atomic.Int32
	var arrived sync.WaitGroup
	arrived.Add(workers)
	var steps []graph.Step
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		first := id <= "c"
		steps = append(steps, graph.Step{ID: id, Run: func(context.Context) error {
			most.Store(max(most.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			if first {
				// Ends only when three run at the same time.
				arrived.Done()
				arrived.Wait()
			}
			return nil
		}})
	}
	mustNew(t, steps...).Run(t.Context(), graph.Options{Workers: workers})
	if got := most.Load(); got != workers {
		t.Errorf("steps at once = %d, want %d", got, workers)
	}
}

func TestRunStopsWithTheContext(t *testing.T) {
	t.Parallel()
	stop := errors.New("stopped by the user")
	ctx, cancel := context.WithCancelCause(t.Context())
	g := mustNew(t,
		graph.Step{ID: "a", Run: func(context.Context) error { cancel(stop); return nil }},
		step("b", "a"), step("c", "b"))
	got := g.Run(ctx, graph.Options{Workers: 2})
	if got[0].State != graph.Succeeded {
		t.Errorf("a = %v, want succeeded: it ended in spite of the stop", got[0])
	}
	for _, o := range got[1:] {
		if o.State != graph.Skipped || !errors.Is(o.Err, stop) {
			t.Errorf("%s = %s, %v, want skipped with the cause of the stop", o.ID, o.State, o.Err)
		}
	}
}

// TestRunOfRandomGraphs checks what must hold for any graph: nothing starts
// before its needs succeeded, and a step is skipped exactly when something it
// rests on failed, naming that failure.
func TestRunOfRandomGraphs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		succeeded, fails := map[string]bool{}, map[string]bool{}
		var steps []graph.Step
		for i := range 1 + random.IntN(30) {
			s := graph.Step{ID: fmt.Sprintf("s%02d", i)}
			for range random.IntN(4) {
				if i > 0 {
					s.Needs = append(s.Needs, fmt.Sprintf("s%02d", random.IntN(i)))
				}
			}
			fails[s.ID] = random.IntN(6) == 0
			s.Run = func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				for _, need := range s.Needs {
					if !succeeded[need] {
						t.Errorf("seed %d: %s started before %s succeeded", seed, s.ID, need)
					}
				}
				if fails[s.ID] {
					return errors.New("broken")
				}
				succeeded[s.ID] = true
				return nil
			}
			steps = append(steps, s)
		}
		outcomes := map[string]graph.Outcome{}
		for _, o := range mustNew(t, steps...).Run(t.Context(), graph.Options{Workers: 1 + random.IntN(4)}) {
			outcomes[o.ID] = o
		}
		for _, s := range steps {
			checkOutcome(t, seed, s, outcomes, fails)
		}
	}
}

func checkOutcome(t *testing.T, seed uint64, s graph.Step, outcomes map[string]graph.Outcome, fails map[string]bool) {
	t.Helper()
	want := graph.Succeeded
	for _, need := range s.Needs {
		if outcomes[need].State != graph.Succeeded {
			want = graph.Skipped
		}
	}
	if want == graph.Succeeded && fails[s.ID] {
		want = graph.Failed
	}
	got := outcomes[s.ID]
	if got.State != want {
		t.Errorf("seed %d: %s = %s, want %s", seed, s.ID, got.State, want)
	}
	var skip *graph.SkipError
	if want == graph.Skipped && (!errors.As(got.Err, &skip) || outcomes[skip.Cause].State != graph.Failed) {
		t.Errorf("seed %d: %s was skipped for %v, want a step that failed", seed, s.ID, got.Err)
	}
}
