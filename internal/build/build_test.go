package build_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// shop is a warehouse and a project that a test runs and changes.
type shop struct {
	*testing.T
	warehouse   warehouse.Warehouse
	credentials map[string]any
	conn        warehouse.Conn
	files       map[string]string
	vars        map[string]any
	// options of the next runs
	threads     int
	failFast    bool
	fullRefresh bool
	sample      *dbt.Window
	target      string
	report      func(build.Event)
}

// newShop reads the project's files from an archive; dbt_project.yml need not
// be there. The warehouse is DuckDB, in memory.
func newShop(t *testing.T, archive string) *shop {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return newShopOn(t, w, map[string]any{"type": "duckdb", "path": ":memory:", "schema": "s"}, archive)
}

func newShopOn(t *testing.T, w warehouse.Warehouse, credentials map[string]any, archive string) *shop {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = w.Close()
	})
	s := &shop{T: t, warehouse: w, credentials: credentials, conn: conn, files: map[string]string{
		"dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nmodels:\n  +materialized: table\n",
	}}
	s.write(archive)
	return s
}

// write adds files, or replaces them.
func (s *shop) write(archive string) {
	for _, f := range txtar.Parse([]byte(archive)).Files {
		s.files[f.Name] = string(f.Data)
	}
}

func (s *shop) project() *dbt.Project {
	s.Helper()
	files := fstest.MapFS{}
	for name, text := range s.files {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, err := dbt.Load(dbt.Options{
		FS:           files,
		Credentials:  s.credentials,
		Vars:         s.vars,
		FullRefresh:  s.fullRefresh,
		Sample:       s.sample,
		Now:          time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		InvocationID: "00000000-0000-0000-0000-000000000001",
	})
	if err != nil {
		s.Fatalf("load project: %v", err)
	}
	return p
}

func (s *shop) run(command build.Command, selected ...string) *build.Results {
	s.Helper()
	results, err := s.runIn(s.Context(), command, selected...)
	if err != nil {
		s.Fatalf("run: %v", err)
	}
	return results
}

func (s *shop) runIn(ctx context.Context, command build.Command, selected ...string) (*build.Results, error) {
	s.Helper()
	p := s.project()
	ids, err := p.Select(dbt.Selection{Select: selected, ResourceTypes: command.Types()})
	if err != nil {
		s.Fatalf("select: %v", err)
	}
	return build.Run(ctx, build.Options{
		Project: p, Warehouse: s.warehouse, Command: command, IDs: ids,
		Threads: s.threads, FailFast: s.failFast, FullRefresh: s.fullRefresh,
		TargetDir: s.target, TargetName: "target", Report: s.report,
		InvocationID: "00000000-0000-0000-0000-000000000001",
	})
}

// succeeds runs and expects nothing to fail.
func (s *shop) succeeds(command build.Command, selected ...string) *build.Results {
	s.Helper()
	results := s.run(command, selected...)
	if results.Failed() {
		s.Fatalf("run failed: %v", statuses(results))
	}
	return results
}

// statuses maps the last part of every id to its status and message.
// statuses are what became of each node, and its message: of an error what is
// below the heading, "Runtime Error in model m (models/m.sql)".
func statuses(results *build.Results) map[string]string {
	got := map[string]string{}
	for _, r := range results.All {
		text, message := string(r.Status), r.Message
		if heading, below, ok := strings.Cut(message, "\n  "); ok && strings.Contains(heading, " Error in ") {
			message = strings.ReplaceAll(below, "\n  ", "\n")
		}
		if message != "" {
			text += ": " + message
		}
		got[shortID(r)] = text
	}
	return got
}

func shortID(r *build.Result) string {
	if r.UnitTest != nil {
		return r.UnitTest.Name
	}
	if r.Source != nil {
		return r.Source.Name
	}
	return r.Node.Name
}

func (s *shop) wantStatuses(results *build.Results, want map[string]string) {
	s.Helper()
	got := statuses(results)
	for name, text := range want {
		if !strings.HasPrefix(got[name], text) {
			s.Errorf("%s = %q, want %q", name, got[name], text)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			s.Errorf("%s = %q, want no such result", name, got[name])
		}
	}
}

// rows are a query's, as text.
func (s *shop) rows(sql string) []string {
	s.Helper()
	table, err := warehouse.Fetch(s.Context(), s.conn, -1, sql)
	if err != nil {
		s.Fatalf("query %s: %v", sql, err)
	}
	var rows []string
	for _, row := range table.Rows {
		cells := make([]string, len(row))
		for i, value := range row {
			cells[i] = warehouse.Text(value)
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return rows
}

func (s *shop) wantRows(sql string, want ...string) {
	s.Helper()
	if diff := cmp.Diff(want, s.rows(sql)); diff != "" {
		s.Errorf("%s (-want +got):\n%s", sql, diff)
	}
}

func (s *shop) exec(sql string) {
	s.Helper()
	if _, err := s.conn.Exec(s.Context(), sql); err != nil {
		s.Fatalf("exec %s: %v", sql, err)
	}
}

func (s *shop) result(results *build.Results, name string) *build.Result {
	s.Helper()
	at := slices.IndexFunc(results.All, func(r *build.Result) bool { return shortID(r) == name })
	if at < 0 {
		s.Fatalf("no result of %s among %v", name, slices.Sorted(maps.Keys(statuses(results))))
	}
	return results.All[at]
}

const orders = `
-- seeds/raw_orders.csv --
id,customer,amount
1,ann,10.5
2,bob,
3,ann,7
-- models/stg_orders.sql --
{{ config(materialized='view') }}
select * from {{ ref('raw_orders') }}
-- models/large.sql --
{{ config(materialized='ephemeral') }}
select * from {{ ref('stg_orders') }} where amount > 8
-- models/customers.sql --
select customer, count(*) as orders, sum(amount) as amount
from {{ ref('stg_orders') }}
group by customer
-- models/best.sql --
select customer from {{ ref('customers') }}
where customer in (select customer from {{ ref('large') }})
-- models/schema.yml --
models:
  - name: customers
    columns:
      - name: customer
        data_tests: [unique, not_null]
      - name: amount
        data_tests:
          - not_null:
              config: {severity: warn}
`

func TestBuildFromNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t, orders)
	s.threads = 4
	results := s.succeeds(build.Build)
	s.wantStatuses(results, map[string]string{
		"raw_orders": "success", "stg_orders": "success", "large": "success", "customers": "success", "best": "success",
		"unique_customers_customer": "pass", "not_null_customers_customer": "pass",
		"not_null_customers_amount": "warn: Got 1 result, configured to warn if != 0",
	})
	s.wantRows("select * from s.customers order by customer", "ann 2 17.5", "bob 1 NULL")
	s.wantRows("select * from s.best", "ann")
	s.wantRows("select relation_type from (select 'table' as relation_type from duckdb_tables() where table_name in ('large') union all select 'view' from duckdb_views() where view_name = 'stg_orders')", "view")
	if got, want := results.Total(), 7; got != want {
		t.Errorf("total = %d, want %d: an ephemeral model is not counted", got, want)
	}
	warned := s.result(results, "not_null_customers_amount")
	if len(warned.Sample.Rows) != 1 || warned.Sample.Rows[0][0] != "bob" {
		t.Errorf("sample = %v, want the row of bob", warned.Sample.Rows)
	}
}

func TestRunAgainGivesTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t, orders)
	s.succeeds(build.Build)
	before := s.rows("select * from s.customers order by all")
	s.succeeds(build.Build)
	s.wantRows("select * from s.customers order by all", before...)
	s.wantRows("select table_name from duckdb_tables() where table_name like '%dbt%'")
}

func TestCommandsRunTheirOwnNodes(t *testing.T) {
	t.Parallel()
	s := newShop(t, orders)
	for _, tt := range []struct {
		command build.Command
		want    int
	}{{build.Seed, 1}, {build.RunAll, 3}, {build.Test, 3}, {build.Build, 7}} {
		if got := s.succeeds(tt.command).Total(); got != tt.want {
			t.Errorf("%s ran %d nodes, want %d", tt.command, got, tt.want)
		}
	}
}

func TestFailureKeepsYesterday(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"view", "table", "incremental"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "-- models/m.sql --\n{{ config(materialized='"+kind+"') }} select 1 as a")
			s.succeeds(build.RunAll)
			s.write("-- models/m.sql --\n{{ config(materialized='" + kind + "', post_hook='select no_such_column') }} select 2 as a")
			results := s.run(build.RunAll)
			if !results.Failed() || s.result(results, "m").Status != build.Error {
				t.Errorf("statuses = %v, want an error", statuses(results))
			}
			s.wantRows("select a from s.m", "1")
			s.wantRows("select count(*) from duckdb_tables() where table_name like '%dbt%'", "0")
		})
	}
}

func TestKindsReplaceOneAnother(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	for i, kind := range []string{"view", "table", "view", "incremental", "table", "incremental", "view"} {
		s.write(fmt.Sprintf("-- models/m.sql --\n{{ config(materialized='%s') }} select %d as a", kind, i))
		s.fullRefresh = true
		s.succeeds(build.RunAll)
		s.wantRows("select a from s.m", fmt.Sprint(i))
	}
}

func TestSkipNamesTheRootCause(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- models/a.sql --
select no_such_column
-- models/b.sql --
select * from {{ ref('a') }}
-- models/c.sql --
select * from {{ ref('b') }}
-- models/d.sql --
select neither_this_one
-- models/e.sql --
select 1 as a
`)
	results := s.run(build.RunAll)
	s.wantStatuses(results, map[string]string{
		"a": "error: Binder Error", "d": "error: Binder Error", "e": "success",
		"b": "skipped: skipped because of model.shop.a", "c": "skipped: skipped because of model.shop.a",
	})
	if got := s.result(results, "c").SkippedFor; got != "model.shop.a" {
		t.Errorf("c was skipped for %s, want model.shop.a", got)
	}
	if !results.Failed() {
		t.Error("the run is green, want failed")
	}
}

func TestFailFastStartsNothingMore(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/a.sql --\nselect no_such_column\n-- models/b.sql --\nselect 1 as a")
	s.failFast = true
	s.wantStatuses(s.run(build.RunAll), map[string]string{"a": "error", "b": "skipped: skipped: a node before it failed"})
}

const gated = `
-- models/a.sql --
select 1 as id union all select 1
-- models/b.sql --
select * from {{ ref('a') }}
-- models/schema.yml --
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - unique:
              config: {severity: SEVERITY}
`

func TestFailingTestGatesItsDescendants(t *testing.T) {
	t.Parallel()
	s := newShop(t, strings.ReplaceAll(gated, "SEVERITY", "error"))
	s.wantStatuses(s.run(build.Build), map[string]string{
		"a": "success", "unique_a_id": "fail: Got 1 result, configured to fail if != 0", "b": "skipped: skipped because of test.shop.unique_a_id",
	})
	s.wantStatuses(s.run(build.RunAll), map[string]string{"a": "success", "b": "success"})
	s = newShop(t, strings.ReplaceAll(gated, "SEVERITY", "warn"))
	s.wantStatuses(s.succeeds(build.Build), map[string]string{"a": "success", "unique_a_id": "warn", "b": "success"})
}

func TestRefusesWhatItDoesNotRun(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/m.sql --\n{{ config(materialized='materialized_view') }} select 1 as a\n-- models/n.sql --\n{{ config(materialized='incremental', incremental_strategy='insert_overwrite') }} select 1 as a")
	results := s.run(build.RunAll)
	s.wantStatuses(results, map[string]string{"m": "error: materialized: materialized_view is not supported\nat models/m.sql:1\nhint: ", "n": "success"})
	s.wantStatuses(s.run(build.RunAll, "n"), map[string]string{"n": "error: The incremental strategy 'insert_overwrite' is not valid for this adapter"})
}

func TestCancelledRunSaysWhatDidNotRun(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/a.sql --\nselect 1 as a\n-- models/b.sql --\nselect * from {{ ref('a') }}")
	ctx, cancel := context.WithCancel(t.Context())
	s.report = func(e build.Event) {
		if e.Kind == build.NodeFinished && shortID(e.Result) == "a" {
			cancel()
		}
	}
	results, err := s.runIn(ctx, build.RunAll)
	if err != nil {
		t.Fatal(err)
	}
	s.wantStatuses(results, map[string]string{"a": "success", "b": "skipped: skipped: context canceled"})
	if !results.Failed() || results.Stopped == nil {
		t.Error("the run is green, want failed and stopped")
	}
}

// TestManyThreads has workers make and replace relations of one schema at once.
func TestManyThreads(t *testing.T) {
	t.Parallel()
	s := newShop(t, "")
	for i := range 40 {
		kind := []string{"table", "view", "incremental"}[i%3]
		s.files[fmt.Sprintf("models/m%d.sql", i)] = fmt.Sprintf("{{ config(materialized='%s', unique_key='a') }} select %d as a", kind, i)
	}
	s.threads = 8
	for range 3 {
		s.succeeds(build.RunAll)
	}
	s.wantRows("select a from s.m38", "38")
}

func TestInterruptedNodeSaysSo(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/a.sql --\nselect 1 as a")
	ctx, cancel := context.WithCancel(t.Context())
	s.report = func(e build.Event) {
		if e.Kind == build.NodeStarted {
			cancel()
		}
	}
	results, err := s.runIn(ctx, build.RunAll)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.result(results, "a").Message; !strings.HasPrefix(got, "interrupted: ") {
		t.Errorf("message = %q, want interrupted", got)
	}
}

// TestLeftoversOfAnotherRun has tables in the way that a run killed between
// two renames leaves behind.
func TestLeftoversOfAnotherRun(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/a.sql --\nselect 1 as a")
	s.succeeds(build.RunAll)
	s.exec("create table s.a__dbt_tmp as select 2 as a; create view s.a__dbt_backup as select 3 as a")
	s.succeeds(build.RunAll)
	s.wantRows("select table_name from duckdb_tables() union all select view_name from duckdb_views() where schema_name = 's'", "a")
}

func TestTemplatesAskTheDatabase(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- models/a.sql --
select 1 as one, 2 as two
-- models/b.sql --
{%- set answer = run_query("select date '2024-01-02' as d, 1.50::decimal(5, 2) as n, timestamp '2024-01-02 03:04:05' as t, timestamptz '2024-01-02 03:04:05+02' as i, null as u, true as b from " ~ ref('a')) -%}
{%- set row = answer.rows[0] -%}
select
    '{{ row['d'] }}|{{ row['n'] }}|{{ row['t'] }}|{{ row['i'] }}|{{ row['u'] }}|{{ row['b'] }}' as printed,
    '{{ adapter.get_columns_in_relation(ref('a')) | map(attribute='name') | join(' ') }}' as columns
`)
	s.succeeds(build.RunAll)
	s.wantRows("from s.b", "2024-01-02|1.50|2024-01-02 03:04:05|2024-01-02 01:04:05+00:00|None|True one two")
}

func TestGrantsAreWarnedOf(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/a.sql --\n{{ config(grants={'select': ['reporter']}) }} select 1 as a")
	results := s.succeeds(build.RunAll)
	if len(results.Warnings) != 1 || !strings.Contains(results.Warnings[0], "grants are not applied on duckdb") {
		t.Errorf("warnings = %q, want one about grants", results.Warnings)
	}
}

func TestRefusesOverriddenSteps(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- models/a.sql --
select 1 as a
-- macros/own.sql --
{% macro default__get_catalog_relations(information_schema, relations) %}{% endmacro %}
{% macro get_catalog_of_mine() %}{% endmacro %}
{% macro snowflake__list_schemas(database) %}{% endmacro %}
`)
	_, err := s.runIn(t.Context(), build.RunAll)
	if err == nil || !strings.Contains(err.Error(), "macros/own.sql:1: the macro default__get_catalog_relations") || strings.Contains(err.Error(), "of_mine") || strings.Contains(err.Error(), "snowflake") {
		t.Errorf("run = %v, want the place of the one macro that is overridden", err)
	}
	delete(s.files, "macros/own.sql")
	s.succeeds(build.RunAll)
}
