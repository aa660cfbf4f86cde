package build_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"apotheca/internal/build"
)

const awkward = orders + `
-- models/broken.sql --
select no_such_column
-- models/below.sql --
select * from {{ ref('broken') }}
`

func TestRunResultsFollowTheSchema(t *testing.T) {
	t.Parallel()
	const published = "../../../shared/data/dbt-schemas/run-results-v6.json"
	if _, err := os.Stat(published); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published schemas are not beside the repository: " + published)
	}
	s := newShop(t, awkward)
	s.target = t.TempDir()
	s.run(build.Build)

	schema, err := jsonschema.NewCompiler().Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(s.target, "run_results.json"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("run_results.json: %v", err)
	}
	var file struct {
		Results []struct {
			Status   string `json:"status"`
			UniqueID string `json:"unique_id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range file.Results {
		got[r.Status]++
	}
	if diff := cmp.Diff(map[string]int{"success": 4, "pass": 2, "warn": 1, "error": 1, "skipped": 1}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(s.target, "manifest.json")); err != nil {
		t.Errorf("manifest: %v", err)
	}
}

func TestCompiledAndRunFiles(t *testing.T) {
	t.Parallel()
	s := newShop(t, orders)
	s.target = t.TempDir()
	results := s.succeeds(build.Build)
	f := func(file, want string) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(s.target, file))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s = %q, %v, want %q in it", file, data, err, want)
		}
	}
	f("compiled/shop/models/best.sql", "__dbt__cte__large")
	f("compiled/shop/models/schema.yml/unique_customers_customer.sql", "having count(*) > 1")
	f("run/shop/models/customers.sql", "create table")
	f("run/shop/models/schema.yml/unique_customers_customer.sql", "should_error")
	if got, want := s.result(results, "best").CompiledPath, filepath.Join("target", "compiled", "shop", "models", "best.sql"); got != want {
		t.Errorf("compiled path = %s, want %s", got, want)
	}
}

func TestCompileTouchesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, orders)
	s.target = t.TempDir()
	s.succeeds(build.Compile)
	s.wantRows("select count(*) from duckdb_tables()", "0")
	s.wantRows("select count(*) from duckdb_schemas() where schema_name = 's'", "0")
	if _, err := os.Stat(filepath.Join(s.target, "compiled/shop/models/large.sql")); err != nil {
		t.Errorf("the ephemeral model is not compiled: %v", err)
	}
}

func TestConsole(t *testing.T) {
	t.Parallel()
	s := newShop(t, awkward)
	var out strings.Builder
	console := &build.Console{Out: &out, Now: func() time.Time { return time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC) }}
	s.report = console.Report
	s.run(build.Build)
	got := out.String()
	for _, want := range []string{
		"12:00:00  Concurrency: 1 threads (target='",
		" START sql view model s.stg_orders ....................................... [RUN]",
		" OK loaded seed file s.raw_orders ........................................ [INSERT 3 in 0.0",
		" OK created sql table model s.customers .................................. [OK in ",
		" PASS unique_customers_customer .......................................... [PASS in 0.0",
		" WARN 1 not_null_customers_amount ........................................ [WARN 1 in 0.0",
		" ERROR creating sql table model s.broken ................................. [ERROR in 0.0",
		" SKIP relation s.below ................................................... [SKIP]",
		"12:00:00  Finished running 1 seed, 4 table models, 3 data tests, 1 view model in 0 hours 0 minutes and ",
		"12:00:00  Completed with 1 error, 0 partial successes, and 1 warning:",
		"12:00:00  Failure in model broken (models/broken.sql)",
		"12:00:00  Warning in test not_null_customers_amount (models/schema.yml)",
		"12:00:00    Got 1 result, configured to warn if != 0",
		"12:00:00\n  | customer | orders | amount |",
		"\n  | bob      | 1      | NULL   |",
		"12:00:00  Done. PASS=6 WARN=1 ERROR=1 SKIP=1 NO-OP=0 TOTAL=9",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the console lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
