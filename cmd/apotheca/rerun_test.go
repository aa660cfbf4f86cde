package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"apotheca/internal/registry"
)

// star lists the tables whose every row the tests below compare.
var star = []string{
	"dim_study", "dim_sponsor", "dim_condition", "dim_intervention", "dim_site", "dim_date",
	"fact_study_sponsor", "fact_study_condition", "fact_study_intervention", "fact_study_site",
	"fact_study_snapshot",
}

func TestRunningTwiceForADayChangesNoRow(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		_, url := serve(t, registry.Options{Count: 300})
		p := fresh(t)
		p.runGreen(t, url, "2026-11-01")
		first := p.tables(t, "analytics")
		p.runGreen(t, url, "2026-11-01")
		compareStars(t, "the second run for the same day", first, p.tables(t, "analytics"))
		p.mustRun(t, "run", "--from", "load", "--full-refresh", "--run-date", "2026-11-01")
		compareStars(t, "a full refresh", first, p.tables(t, "analytics"))
	})
}

// An edited registry exercises every way a relationship can come, change and
// go, on tables that are incremental.
func TestRunOverAnEditedRegistryEqualsARunFromNothing(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		r, url := serve(t, registry.Options{Count: 300})
		grown, new := fresh(t), fresh(t)
		grown.runGreen(t, url, "2026-11-01")
		before := grown.tables(t, "analytics")
		if err := r.Rebuild(registry.Edit{Changed: 40, Removed: 30, Added: 20}); err != nil {
			t.Fatal(err)
		}
		grown.runGreen(t, url, "2026-11-01")
		after := grown.tables(t, "analytics")
		new.runGreen(t, url, "2026-11-01")
		compareStars(t, "the run over the edited registry", new.tables(t, "analytics"), after)
		for _, table := range star {
			table = "analytics." + table
			if table != "analytics.dim_date" && slices.Equal(before[table], after[table]) {
				t.Errorf("%s did not change at all: the edit of the registry tests nothing there", table)
			}
		}
	})
}

// The snapshot of a month is taken once; a later day of the month adds none
// and leaves the one there is alone.
func TestSnapshotIsTakenOnceAMonth(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		_, url := serve(t, registry.Options{Count: 100})
		p := fresh(t)
		p.mustRun(t, "extract", "--base-url", url, "--rate", "0")
		p.mustRun(t, "compact")
		for _, run := range []struct{ runDate, want string }{
			{"2026-10-15", "[[20261015]]"}, // the first run of a month takes it, whatever the day
			{"2026-10-16", "[[20261015]]"},
			{"2026-11-01", "[[20261015] [20261101]]"},
			{"2026-11-02", "[[20261015] [20261101]]"},
		} {
			p.mustRun(t, "run", "--from", "load", "--run-date", run.runDate)
			got := fmt.Sprint(p.fetch(t, "select distinct snapshot_date_key from analytics.fact_study_snapshot order by 1"))
			if got != run.want {
				t.Errorf("snapshots after the run of %s: got %s, want %s", run.runDate, got, run.want)
			}
		}
	})
}

func serve(t *testing.T, o registry.Options) (*registry.Registry, string) {
	t.Helper()
	r, err := registry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(func() { r.Close(); server.Close() })
	return r, server.URL + "/api/v2"
}

func runGreen(t *testing.T, dir, url, runDate string) {
	t.Helper()
	place{dir: dir}.runGreen(t, url, runDate)
}

func query(t *testing.T, dir, sql string) string {
	t.Helper()
	var out, errs strings.Builder
	if code := run(context.Background(), []string{"query", "--dir", dir, "--format", "csv", sql}, nil, &out, &errs); code != exitOK {
		t.Fatalf("query: exit %d\n%s", code, &errs)
	}
	return out.String()
}

func compareStars(t *testing.T, what string, want, got map[string][]string) {
	t.Helper()
	for _, table := range star {
		table = "analytics." + table
		if len(want[table]) == 0 {
			t.Errorf("%s: %s is empty: nothing is compared there", what, table)
		}
		compareRows(t, what+": "+table, want[table], got[table])
	}
}
