package pipeline

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/lake"
	"apotheca/internal/registry"
	"apotheca/internal/source"
)

// sample serves a registry of so many made-up studies that misbehaves.
func sample(t *testing.T, count int, faults string) (*registry.Registry, string) {
	t.Helper()
	parsed, err := registry.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	r, err := registry.New(registry.Options{Count: count, Seed: 7, Faults: parsed})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	t.Cleanup(func() { r.Close() }) // first: it ends hanging answers
	return r, server.URL
}

// hurried is the clock of the machine, but waiting takes no time.
type hurried struct{}

func (hurried) Now() time.Time { return time.Now() }
func (hurried) Sleep(ctx context.Context, _ time.Duration) error {
	return context.Cause(ctx)
}

// extraction reads pages of 20 without a limit and without waiting.
func extractionOf(t *testing.T, l *lake.Lake, url string) Extraction {
	t.Helper()
	client, err := source.NewCTGov(source.CTGovOptions{BaseURL: url, PageSize: 20, Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return Extraction{
		Lake: l, Client: client, Source: "sample",
		Pace:  source.PaceOptions{Limit: -1, Clock: hurried{}},
		Retry: source.Policy{Attempts: 4, Clock: hurried{}},
	}
}

// extractAndCompact is one run up to a loadable extract.
func extractAndCompact(ctx context.Context, x Extraction) (lake.Snapshot, error) {
	s, err := x.Run(ctx)
	if err != nil {
		return lake.Snapshot{}, err
	}
	return x.Lake.Compact(ctx, s.ID, nil)
}

// undisturbed is the digest of what the registry holds now, read in peace.
func undisturbed(t *testing.T, r *registry.Registry) string {
	t.Helper()
	server := httptest.NewServer(peaceful{r})
	defer server.Close()
	s, err := extractAndCompact(t.Context(), extractionOf(t, lake.Open(t.TempDir(), lake.Options{}), server.URL))
	if err != nil {
		t.Fatal(err)
	}
	return s.Compacted.Digest
}

// peaceful reads a registry whose faults are over.
type peaceful struct{ *registry.Registry }

func TestExtractUnderFaults(t *testing.T) {
	t.Parallel()
	// Each fault alone, then mixed. ends: the run is complete in spite of it;
	// otherwise error is part of what it says, and the next run is complete.
	tests := []struct{ faults, ends string }{
		{"", ""},
		{"429@3", ""},
		{"429:retry-after=2@3x2", ""},
		{"429:retry-after=86400@3", "page 3: "},
		{"429@3x9", "page 3: "},
		{"408@2", ""},
		{"500@2x3", ""},
		{"502@1", ""},
		{"503:retry-after=1@4", ""},
		{"504@5x4", "page 5: "},
		{"500:on=version@1", ""},
		{"500:on=version@2x9", "version"},
		{"403@3", "page 3: "},
		{"403:on=version@1", "403"},
		{"404@4", "page 4: "},
		{"hang@2", ""},
		{"hang@3x4", "page 3: "},
		{"cut@2", ""},
		{"cut@1x9", "page 1: "},
		{"html@2", ""},
		{"html@2x9", "page 2: "},
		{"repeat@3", "page 3: no progress"},
		{"repeat-token@3", "page 3: its next page token is the one it was read with"},
		{"empty-page@3", "page 3: it has no studies and yet a next page token"},
		{"stale-token@3", ""},
		{"stale-token@3 stale-token@6", ""},
		{"stale-token@2 stale-token@4 stale-token@6 stale-token@8", "page 2: "},
		{"rebuild@3", ""},
		{"rebuild:tokens=kept@3", ""},
		{"rebuild:removed=30@3", ""},
		{"rebuild:added=30,tokens=kept@9", ""},
		{"malformed:kind=no-id@2", ""},
		{"malformed:kind=bad-id@2", ""},
		{"malformed:kind=null@2", ""},
		{"malformed:kind=scalar@3", ""},
		{"malformed:kind=empty@9", ""},
		{"429@2 500@4x2 cut@6 html@8 hang@10", ""},
		{"cut:every=2", ""},
		{"503:every=3 cut:every=5 html:every=7", ""},
		{"429@2 rebuild@4 cut@6 stale-token@9", ""},
		{"malformed:kind=null@2 repeat@4", "page 4: no progress"},
		{"rebuild:tokens=kept@3 repeat@8 403@12", "page"},
	}
	for _, test := range tests {
		t.Run(test.faults, func(t *testing.T) {
			t.Parallel()
			r, url := sample(t, 200, test.faults)
			l := lake.Open(t.TempDir(), lake.Options{})
			x := extractionOf(t, l, url)
			s, err := extractAndCompact(t.Context(), x)
			if test.ends == "" {
				if err != nil {
					t.Fatal(err)
				}
				complete(t, r, s, strings.Contains(test.faults, "malformed"))
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.ends) {
				t.Fatalf("got error %v, want one with %q", err, test.ends)
			}
			recorded(t, l, test.ends)
			for attempt := 1; err != nil; attempt++ {
				if attempt > 4 {
					t.Fatal("no run completes: ", err)
				}
				s, err = extractAndCompact(t.Context(), x)
			}
			complete(t, r, s, strings.Contains(test.faults, "malformed"))
		})
	}
}

// complete compares an extract with what the registry holds.
func complete(t *testing.T, r *registry.Registry, s lake.Snapshot, quarantines bool) {
	t.Helper()
	if s.Studies+s.Quarantined != r.Studies() || s.Compacted.Rows != r.Studies() {
		t.Errorf("%d studies, %d quarantined, %d rows; the registry holds %d",
			s.Studies, s.Quarantined, s.Compacted.Rows, r.Studies())
	}
	if got := s.Quarantined > 0; got != quarantines {
		t.Errorf("%d records were quarantined", s.Quarantined)
	}
	if want := r.DataTimestamp().Format("2006-01-02T15:04:05"); s.DataTimestamp != want {
		t.Errorf("data of %s, want %s", s.DataTimestamp, want)
	}
}

// recorded checks that a failure on a page is in the manifest with its cause.
func recorded(t *testing.T, l *lake.Lake, cause string) {
	t.Helper()
	newest, err := l.Newest()
	if errors.Is(err, lake.ErrNoSnapshot) {
		return // nothing was begun
	}
	if err != nil {
		t.Fatal(err)
	}
	if newest.State != lake.Failure || newest.Problem == nil || !strings.Contains(newest.Problem.Cause, cause) {
		t.Errorf("the manifest says %s, %+v; want failure with %q", newest.State, newest.Problem, cause)
	}
}

func TestExtractResumesAtItsToken(t *testing.T) {
	t.Parallel()
	r, url := sample(t, 200, "403@6")
	l := lake.Open(t.TempDir(), lake.Options{})
	x := extractionOf(t, l, url)
	if _, err := x.Run(t.Context()); err == nil {
		t.Fatal("a 403 was passed over")
	}
	before := r.PageRequests()
	var resumed string
	x.Report = func(e ExtractEvent) { resumed += e.Resumed }
	s, err := extractAndCompact(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.PageRequests() - before; got != 5 || resumed != "000001" || s.ID != "000001" {
		t.Errorf("%d pages were read again for extract %s, resumed %q; want 5 of 10, 000001", got, s.ID, resumed)
	}
	if want := undisturbed(t, r); s.Compacted.Digest != want {
		t.Error("the resumed extract differs from one read in peace")
	}
}

func TestExtractSaysWhyItStartsAgain(t *testing.T) {
	t.Parallel()
	interrupted := func(t *testing.T) (*registry.Registry, Extraction) {
		r, url := sample(t, 100, "403@4")
		x := extractionOf(t, lake.Open(t.TempDir(), lake.Options{}), url)
		if _, err := x.Run(t.Context()); err == nil {
			t.Fatal("a 403 was passed over")
		}
		return r, x
	}
	tests := []struct {
		name   string
		happen func(*registry.Registry, *Extraction) error
		want   string
	}{
		{"rebuilt", func(r *registry.Registry, _ *Extraction) error { return r.Rebuild(registry.Edit{Changed: 1}) },
			"the registry was rebuilt: its data are of "},
		{"another source", func(_ *registry.Registry, x *Extraction) error { x.Source = "elsewhere"; return nil },
			"the unfinished extract 000001 is of sample"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, x := interrupted(t)
			if err := test.happen(r, &x); err != nil {
				t.Fatal(err)
			}
			var told []string
			x.Report = func(e ExtractEvent) {
				if e.Restarting != "" {
					told = append(told, e.Restarting)
				}
			}
			s, err := extractAndCompact(t.Context(), x)
			if err != nil {
				t.Fatal(err)
			}
			if len(told) != 1 || !strings.HasPrefix(told[0], test.want) || s.Reason != told[0] || s.ID != "000002" {
				t.Errorf("told %q, extract %s with reason %q; want %q", told, s.ID, s.Reason, test.want)
			}
			if want := undisturbed(t, r); s.Compacted.Digest != want {
				t.Error("the extract differs from one read in peace")
			}
		})
	}
}

func TestExtractTwiceGivesTheSameContent(t *testing.T) {
	t.Parallel()
	r, url := sample(t, 150, "")
	x := extractionOf(t, lake.Open(t.TempDir(), lake.Options{}), url)
	first, err := extractAndCompact(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	second, err := extractAndCompact(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.Compacted.Digest, second.Compacted.Digest); diff != "" || first.ID == second.ID {
		t.Errorf("extracts %s and %s differ (-first +second):\n%s", first.ID, second.ID, diff)
	}
	if err := r.Rebuild(registry.Edit{Changed: 3, Removed: 2, Added: 5}); err != nil {
		t.Fatal(err)
	}
	third, err := extractAndCompact(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if third.Studies != 153 || third.Compacted.Digest == first.Compacted.Digest {
		t.Errorf("the edited registry gave %d studies, want 153 and another content", third.Studies)
	}
}

func TestExtractTellsAtOnceThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	x := extractionOf(t, lake.Open(t.TempDir(), lake.Options{}), closed.URL)
	x.Retry.Clock, x.Pace.Clock = nil, nil // real waits would take seconds
	start := time.Now()
	_, err := x.Run(t.Context())
	var unreachable *source.Error
	if !errors.As(err, &unreachable) || unreachable.Kind != source.KindUnreachable || unreachable.Attempts != 1 {
		t.Errorf("got %v after %s, want unreachable at the first attempt", err, time.Since(start))
	}
}

func TestExtractInterruptedByTheUserStaysInProgress(t *testing.T) {
	t.Parallel()
	_, url := sample(t, 200, "")
	l := lake.Open(t.TempDir(), lake.Options{})
	x := extractionOf(t, l, url)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the user")
	x.Report = func(e ExtractEvent) {
		if e.Pages == 4 {
			cancel(stop)
		}
	}
	if _, err := x.Run(ctx); !errors.Is(err, stop) {
		t.Errorf("got %v, want %v", err, stop)
	}
	newest, err := l.Newest()
	if err != nil || newest.State != lake.InProgress || newest.Pages != 4 {
		t.Errorf("the manifest says %s at page %d (%v), want in_progress at 4", newest.State, newest.Pages, err)
	}
}
