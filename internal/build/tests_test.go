package build_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/build"
)

func TestDataTestRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, config, want string
	}{
		{"Fails", "severity='error'", "fail: Got 5 results, configured to fail if != 0"},
		{"SeverityWarn", "severity='warn'", "warn: Got 5 results, configured to warn if != 0"},
		{"ErrorIf", "error_if='>10'", "warn: Got 5 results, configured to warn if != 0"},
		{"ErrorIfAndWarnIf", "error_if='>10', warn_if='>5'", "pass"},
		{"SeverityWarnIgnoresErrorIf", "severity='warn', error_if='>1', warn_if='>5'", "pass"},
		{"FailCalc", "fail_calc='max(i)'", "fail: Got 4 results, configured to fail if != 0"},
		{"FailCalcWithoutRows", "fail_calc='sum(i)', where='1=0'", "error: fail_calc"},
		{"Limit", "limit=2", "fail: Got 2 results"},
		{"BrokenCondition", "warn_if='> nonsense'", "error: Binder Error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			query := "select i from range(5) as t(i)"
			if tt.name == "FailCalcWithoutRows" {
				query += " where false"
			}
			s := newShop(t, "-- tests/five.sql --\n{{ config("+strings.ReplaceAll(tt.config, ", where='1=0'", "")+") }}\n"+query)
			s.wantStatuses(s.run(build.Test), map[string]string{"five": tt.want})
		})
	}
}

func TestStoreFailures(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- tests/five.sql --\n{{ config(store_failures=true, severity='warn') }}\nselect i from range(5) as t(i)")
	for range 2 {
		results := s.succeeds(build.Test)
		s.wantRows("select sum(i) from s_dbt_test__audit.five", "10")
		if got := s.result(results, "five").RelationName; !strings.Contains(got, "five") {
			t.Errorf("relation = %q, want the stored failures", got)
		}
	}
	s.write("-- tests/five.sql --\n{{ config(store_failures_as='view', severity='warn') }}\nselect i from range(3) as t(i)")
	s.succeeds(build.Test)
	s.wantRows("select view_name from duckdb_views() where schema_name = 's_dbt_test__audit'", "five")
}

func TestSampleNamesWhatFails(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- tests/many.sql --\nselect 'NCT' || (1000 - i) as nct_id, i from range(100) as t(i)")
	sample := s.result(s.run(build.Test), "many").Sample
	if len(sample.Rows) != 20 || sample.Rows[0][0] != "NCT1000" || sample.Columns[0].Name != "nct_id" {
		t.Errorf("sample = %d rows, first %v, want 20 in order", len(sample.Rows), sample.Rows[0])
	}
}

const unitTested = `
-- models/people.sql --
select 1 as id, 'Ann' as name, date '2020-01-01' as born, 1.5::decimal(9, 2) as weight
-- models/adults.sql --
select id, upper(name) as name, born, weight
from {{ ref('people') }}
where born < date '2006-01-01' or born is null
-- models/schema.yml --
unit_tests:
  - name: keeps_adults
    model: adults
    given:
      - input: ref('people')
        rows:
          - {id: 1, name: ann, born: 1990-05-05}
          - {id: 2, name: bob, born: 2020-05-05}
          - {id: 3, name: "o'hara"}
    expect:
      rows:
        - {id: 3, name: "O'HARA", born: null}
        - {id: 1, name: NAME, born: 1990-05-05}
`

func TestUnitTest(t *testing.T) {
	t.Parallel()
	s := newShop(t, strings.Replace(unitTested, "name: NAME", "name: ANN", 1))
	s.wantStatuses(s.succeeds(build.Build), map[string]string{"people": "success", "keeps_adults": "pass", "adults": "success"})
}

func TestUnitTestFailsReadably(t *testing.T) {
	t.Parallel()
	s := newShop(t, unitTested)
	results := s.run(build.Build)
	s.wantStatuses(results, map[string]string{
		"people": "success", "keeps_adults": "fail", "adults": "skipped: skipped because of unit_test.shop.adults.keeps_adults",
	})
	want := `actual differs from expected:

|   | id | name | born       |
| - | 1  | NAME | 1990-05-05 |
| + | 1  | ANN  | 1990-05-05 |
(- expected, + actual)`
	if diff := cmp.Diff(want, s.result(results, "keeps_adults").Message); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestUnitTestOfAnUnknownColumn(t *testing.T) {
	t.Parallel()
	s := newShop(t, strings.Replace(unitTested, "name: NAME", "nmae: ANN", 1))
	results := s.run(build.Build)
	if got := s.result(results, "keeps_adults"); got.Status != build.Error || !strings.Contains(got.Message, "nmae") {
		t.Errorf("result = %s: %s, want an error that names the column", got.Status, got.Message)
	}
}

// TestUnitTestSeesTheColumnsOfNow has an input that gets another column in the
// very run that tests with it; `this` was asked for before.
func TestUnitTestSeesTheColumnsOfNow(t *testing.T) {
	t.Parallel()
	const project = `
-- models/a.sql --
{{ config(materialized='incremental', on_schema_change='append_new_columns') }}
select 1 as id COLUMN
-- models/b.sql --
select * from {{ ref('a') }}
-- models/schema.yml --
unit_tests:
  - name: of_a
    model: a
    overrides: {macros: {is_incremental: true}}
    given: [{input: this, rows: [{id: 1}]}]
    expect: {rows: [{id: 1}]}
  - name: of_b
    model: b
    given: [{input: ref('a'), rows: [ROW]}]
    expect: {rows: [ROW]}
`
	s := newShop(t, strings.NewReplacer("COLUMN", "", "ROW", "{id: 7}").Replace(project))
	s.succeeds(build.Build)
	s.write(strings.NewReplacer("COLUMN", ", 'x' as label", "ROW", "{id: 7, label: y}").Replace(project))
	s.succeeds(build.Build)
}
