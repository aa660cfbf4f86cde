package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/registry"
)

// realStudies lie beside the repository.
const realStudies = "../../../shared/data/ctgov/studies.ndjson.gz"

// TestWarehousesHoldTheSameRows runs the pipeline on both warehouses, over the
// same lake, the sample's then over an edited registry a month later, and
// compares every row of every table and view, keys and types included.
func TestWarehousesHoldTheSameRows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		registry registry.Options
		days     []string
	}{
		"sample":       {registry.Options{Count: 2000}, []string{"2026-10-15", "2026-11-01"}},
		"real studies": {registry.Options{StudiesPath: realStudies}, []string{"2026-11-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(test.registry.StudiesPath); test.registry.StudiesPath != "" && errors.Is(err, fs.ErrNotExist) {
				t.Skipf("real studies are not there: %s", filepath.Clean(test.registry.StudiesPath))
			}
			r, url := serve(t, test.registry)
			duckdb, postgres := inDuckDB(t), inPostgres(t)
			postgres.dir = duckdb.dir
			for _, day := range test.days {
				duckdb.runGreen(t, url, day)
				postgres.mustRun(t, "run", "--from", "load", "--run-date", day)
				compareWarehouses(t, name+" on "+day, duckdb, postgres)
				if err := r.Rebuild(registry.Edit{Changed: 100, Removed: 50, Added: 30}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func compareWarehouses(t *testing.T, what string, one, other place) {
	t.Helper()
	schemas := []string{"staging", "reference", "analytics"}
	want, got := one.tables(t, schemas...), other.tables(t, schemas...)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("%s: tables (-duckdb +postgres):\n%s", what, diff)
	}
	for _, table := range star {
		if len(want["analytics."+table]) == 0 {
			t.Errorf("%s: %s is empty: nothing is compared there", what, table)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(want)) {
		compareRows(t, what+": "+table, want[table], got[table])
	}
}

func compareRows(t *testing.T, what string, want, got []string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	missing, extra := difference(want, got), difference(got, want)
	t.Errorf("%s: %d of %d rows differ (-want +got):\n%.3000s", what, max(len(missing), len(extra)), len(want),
		cmp.Diff(missing[:min(len(missing), 5)], extra[:min(len(extra), 5)]))
}

// difference are the rows of one sorted list that the other does not have.
func difference(of, without []string) []string {
	var rows []string
	for _, row := range of {
		if _, found := slices.BinarySearch(without, row); !found {
			rows = append(rows, row)
		}
	}
	return rows
}

func printed(rows [][]any) []string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		for _, value := range row {
			lines[i] += fmt.Sprintf("%T %[1]v|", value)
		}
	}
	slices.Sort(lines)
	return lines
}
