package main

import (
	"context"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	_, url := serve(t, registry.Options{Count: 300})
	dir := t.TempDir()
	runGreen(t, dir, url, "2026-11-01")
	first := dump(t, dir)
	runGreen(t, dir, url, "2026-11-01")
	compareStars(t, "the second run for the same day", first, dump(t, dir))
}

// An edited registry exercises every way a relationship can come, change and
// go, on tables that are incremental.
func TestRunOverAnEditedRegistryEqualsARunFromNothing(t *testing.T) {
	t.Parallel()
	r, url := serve(t, registry.Options{Count: 300})
	grown := t.TempDir()
	runGreen(t, grown, url, "2026-11-01")
	before := dump(t, grown)
	if err := r.Rebuild(registry.Edit{Changed: 40, Removed: 30, Added: 20}); err != nil {
		t.Fatal(err)
	}
	runGreen(t, grown, url, "2026-11-01")
	after := dump(t, grown)
	fresh := t.TempDir()
	runGreen(t, fresh, url, "2026-11-01")
	compareStars(t, "the run over the edited registry", dump(t, fresh), after)
	for _, table := range star {
		if table != "dim_date" && before[table] == after[table] {
			t.Errorf("%s did not change at all: the edit of the registry tests nothing there", table)
		}
	}
}

// The snapshot of a month is taken once; a later day of the month adds none
// and leaves the one there is alone.
func TestSnapshotIsTakenOnceAMonth(t *testing.T) {
	t.Parallel()
	_, url := serve(t, registry.Options{Count: 100})
	dir := t.TempDir()
	dates := func() string {
		return query(t, dir, "select distinct snapshot_date_key from fact_study_snapshot order by 1")
	}
	f := func(runDate, want string) {
		t.Helper()
		runGreen(t, dir, url, runDate)
		if got := strings.Join(strings.Fields(dates())[1:], " "); got != want {
			t.Errorf("snapshots after the run of %s: got %s, want %s", runDate, got, want)
		}
	}
	f("2026-10-15", "20261015") // the first run of a month takes it, whatever the day
	f("2026-10-16", "20261015")
	f("2026-11-01", "20261015 20261101")
	f("2026-11-02", "20261015 20261101")
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
	var out, errs strings.Builder
	code := run(context.Background(), []string{
		"run", clinicalTrials, "--dir", dir, "--base-url", url, "--rate", "0", "--page-size", "100", "--run-date", runDate,
	}, nil, &out, &errs)
	if code != exitOK {
		t.Fatalf("run for %s: exit %d\n%s\n%s", runDate, code, &out, &errs)
	}
}

func query(t *testing.T, dir, sql string) string {
	t.Helper()
	var out, errs strings.Builder
	if code := run(context.Background(), []string{"query", "--dir", dir, "--format", "csv", sql}, nil, &out, &errs); code != exitOK {
		t.Fatalf("query: exit %d\n%s", code, &errs)
	}
	return out.String()
}

func dump(t *testing.T, dir string) map[string]string {
	t.Helper()
	tables := map[string]string{}
	for _, table := range star {
		tables[table] = query(t, filepath.Clean(dir), "select * from analytics."+table+" order by all")
	}
	return tables
}

func compareStars(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	for _, table := range star {
		if want[table] == got[table] {
			continue
		}
		diff := cmp.Diff(strings.Split(want[table], "\n"), strings.Split(got[table], "\n"))
		t.Errorf("%s: %s differs (-want +got):\n%.4000s", what, table, diff)
	}
}

// A test that compares nothing cannot fail.
func TestDumpSeesRows(t *testing.T) {
	t.Parallel()
	_, url := serve(t, registry.Options{Count: 100, DataTimestamp: time.Date(2026, 10, 2, 9, 0, 4, 0, time.UTC)})
	dir := t.TempDir()
	runGreen(t, dir, url, "2026-11-01")
	for table, rows := range dump(t, dir) {
		if strings.Count(rows, "\n") < 2 {
			t.Errorf("%s is empty", table)
		}
	}
}
