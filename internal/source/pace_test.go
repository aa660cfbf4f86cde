package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fake answers after latency and notes when it was asked.
type fake struct {
	latency func() time.Duration
	asked   []time.Time
	answer  func(n int) error // nil is success
}

func (f *fake) request() error {
	f.asked = append(f.asked, time.Now())
	if f.latency != nil {
		time.Sleep(f.latency())
	}
	if f.answer != nil {
		return f.answer(len(f.asked))
	}
	return nil
}

func (f *fake) Page(context.Context, string) (Page, error) { return Page{Next: "next"}, f.request() }
func (f *fake) Version(context.Context) (Version, error)   { return Version{}, f.request() }

// busiest is the largest number of times in any window, both ends included: one
// that begins with a request holds as many as any other.
func busiest(times []time.Time, window time.Duration) (most int) {
	for i, start := range times {
		end := i
		for end < len(times) && !times[end].After(start.Add(window)) {
			end++
		}
		most = max(most, end-i)
	}
	return most
}

func TestPaceIsExactAndFast(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		name    string
		limit   int
		latency func() time.Duration
		atLeast float64 // share of the limit; 0 where the server is the bottleneck
	}{
		{"at once", 50, nil, 0.99},
		{"fast", 50, func() time.Duration { return 40 * time.Millisecond }, 0.99},
		{"uneven", 50, func() time.Duration { return time.Duration(random.IntN(900)) * time.Millisecond }, 0.95},
		{"slow", 50, func() time.Duration { return 3 * time.Second }, 0},
		{"one", 1, nil, 0.99},
		{"three", 3, func() time.Duration { return time.Second }, 0.95},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := &fake{latency: test.latency}
				p := Pace(registry, PaceOptions{Limit: test.limit})
				const minutes = 100
				for start := time.Now(); time.Since(start) < minutes*time.Minute; {
					if _, err := p.Page(t.Context(), ""); err != nil {
						t.Fatal(err)
					}
				}
				if got := busiest(registry.asked, time.Minute); got > test.limit {
					t.Errorf("a minute held %d requests, the limit is %d", got, test.limit)
				}
				share := float64(len(registry.asked)) / float64(test.limit*minutes)
				if share < test.atLeast {
					t.Errorf("%.1f %% of the limit was reached, want %.0f %%", 100*share, 100*test.atLeast)
				}
				t.Logf("%d requests in %d minutes, %.2f %% of the limit", len(registry.asked), minutes, 100*share)
			})
		})
	}
}

// TestPaceHoldsAtTheRegistry: a request may travel long or be answered slowly,
// so that the registry sees others at intervals the client does not.
func TestPaceHoldsAtTheRegistry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		var arrived []time.Time
		registry := &fake{latency: func() time.Duration {
			way := time.Duration(random.IntN(2000)) * time.Millisecond
			arrived = append(arrived, time.Now().Add(way))
			return way + time.Duration(random.IntN(100))*time.Millisecond
		}}
		p := Pace(registry, PaceOptions{Limit: 20})
		for range 2000 {
			if _, err := p.Page(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := busiest(arrived, time.Minute); got > 20 {
			t.Errorf("a minute at the registry held %d requests, the limit is 20", got)
		}
	})
}

func TestPaceCountsRetriesAndVersions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := &fake{answer: func(n int) error {
			if n%3 != 0 {
				return &Error{Kind: KindServer, Status: 503, Cause: "503"}
			}
			return nil
		}}
		p := Retry(Pace(registry, PaceOptions{Limit: 5}), Policy{Base: time.Millisecond, Max: time.Millisecond})
		for range 100 {
			if _, err := p.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Page(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(registry.asked); got != 600 {
			t.Errorf("%d requests, want 600", got)
		}
		if got := busiest(registry.asked, time.Minute); got > 5 {
			t.Errorf("a minute held %d requests, the limit is 5", got)
		}
	})
}

type memJournal []time.Time

func (j *memJournal) Record(at time.Time) error { *j = append(*j, at); return nil }
func (j *memJournal) Recent(since time.Time) ([]time.Time, error) {
	return slices.DeleteFunc(slices.Clone(*j), func(at time.Time) bool { return at.Before(since) }), nil
}

// TestPaceOutlivesTheProcess: a program that dies after a few requests and is
// started again at once keeps the limit.
func TestPaceOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(5, 6))
		registry := &fake{latency: func() time.Duration { return time.Duration(random.IntN(500)) * time.Millisecond }}
		var journal memJournal
		for range 300 {
			p := Pace(registry, PaceOptions{Limit: 10, Journal: &journal})
			for range 1 + random.IntN(8) {
				if _, err := p.Page(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := busiest(registry.asked, time.Minute); got > 10 {
			t.Errorf("a minute held %d requests, the limit is 10", got)
		}
	})
}

func TestPaceStopsWaitingWhenToldTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		p := Pace(&fake{}, PaceOptions{Limit: 1, Waiting: func(d time.Duration) { waits = append(waits, d) }})
		if _, err := p.Page(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		stop := errors.New("stopped by the user")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		start := time.Now()
		if _, err := p.Page(ctx, ""); !errors.Is(err, stop) {
			t.Errorf("got %v, want %v", err, stop)
		}
		if got := time.Since(start); got != time.Second {
			t.Errorf("stopped after %s, want 1s", got)
		}
		if diff := cmp.Diff([]time.Duration{time.Minute + 1}, waits); diff != "" {
			t.Error("announced waits (-want +got):\n" + diff)
		}
	})
}

func TestRetry(t *testing.T) {
	t.Parallel()
	failing := func(e Error) func(int) error { return func(int) error { c := e; return &c } }
	after := func(n int, e Error) func(int) error {
		return func(i int) error {
			if i > n {
				return nil
			}
			c := e
			return &c
		}
	}
	tests := []struct {
		name     string
		answer   func(int) error
		requests int
		took     time.Duration
		err      string
	}{
		{"works", func(int) error { return nil }, 1, 0, ""},
		{"backs off", after(4, Error{Kind: KindServer, Cause: "500"}), 5, (1 + 2 + 4 + 8) * time.Second, ""},
		{"gives up", failing(Error{Kind: KindTimeout, Cause: "silent"}), 8,
			(1 + 2 + 4 + 8 + 16 + 32 + 60) * time.Second, "silent (gave up after 8 attempts)"},
		{"asked to wait", after(2, Error{Kind: KindThrottled, RetryAfter: 90 * time.Second, Cause: "429"}), 3, 3 * time.Minute, ""},
		{"asked to wait too long", failing(Error{Kind: KindThrottled, RetryAfter: time.Hour, Cause: "429"}), 1, 0,
			"429; it asks to wait 1h0m0s, longer than the 10m0s that are waited"},
		{"never a 4xx", failing(Error{Kind: KindRejected, Status: 404, Cause: "404"}), 1, 0, "404"},
		{"never a 403", failing(Error{Kind: KindForbidden, Status: 403, Cause: "403"}), 1, 0, "403"},
		{"never a stale token", failing(Error{Kind: KindStaleToken, Status: 400, Cause: "400"}), 1, 0, "400"},
		{"unreachable from the start", failing(Error{Kind: KindUnreachable, Cause: "refused"}), 1, 0, "refused"},
		{"wrong shape", failing(Error{Kind: KindMalformed, Cause: "HTML"}), 3, 3 * time.Second, "HTML (gave up after 3 attempts)"},
		{"unknown error", func(int) error { return errors.New("bug") }, 1, 0, "bug"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := &fake{answer: test.answer}
				start := time.Now()
				_, err := Retry(registry, Policy{Jitter: func() float64 { return 1 }}).Page(t.Context(), "")
				if got := fmt.Sprint(err); got != test.err && (err != nil || test.err != "") {
					t.Errorf("got error %v, want %s", err, test.err)
				}
				if got := len(registry.asked); got != test.requests {
					t.Errorf("%d requests, want %d", got, test.requests)
				}
				if got := time.Since(start); got != test.took {
					t.Errorf("took %s, want %s", got, test.took)
				}
			})
		})
	}
}

func TestRetryReachesForARegistryThatWasThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := &fake{answer: func(n int) error {
			if n == 2 || n == 3 {
				return &Error{Kind: KindUnreachable, Cause: "refused"}
			}
			return nil
		}}
		p := Retry(registry, Policy{})
		for range 2 {
			if _, err := p.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(registry.asked); got != 4 {
			t.Errorf("%d requests, want 4", got)
		}
	})
}

func TestJitterSpreadsBetweenHalfAndWhole(t *testing.T) {
	t.Parallel()
	for _, jitter := range []float64{0, 0.5, 0.999} {
		r := &retry{Policy: Policy{Base: time.Second, Max: time.Minute, Jitter: func() float64 { return jitter }}}
		for attempt, whole := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			got := r.delay(&Error{}, attempt+1)
			want := time.Duration(float64(whole*time.Second) * (0.5 + jitter/2))
			if (got - want).Abs() > time.Microsecond {
				t.Errorf("wait %d with jitter %v is %s, want %s", attempt+1, jitter, got, want)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 10, 2, 9, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"Fri, 02 Oct 2026 09:01:30 GMT": 90 * time.Second,
		"Fri, 02 Oct 2026 08:00:00 GMT": 0,
		"soon":                          0,
		"-3":                            0,
	}
	for value, want := range tests {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After: %s is %s, want %s", value, got, want)
		}
	}
}
