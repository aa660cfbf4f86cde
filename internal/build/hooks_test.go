package build_test

import (
	"strings"
	"testing"

	"apotheca/internal/build"
)

func TestModelHooksRunInOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- models/m.sql --
{{ config(
    pre_hook=[
        {"sql": "insert into log values ('pre outside')", "transaction": False},
        "insert into log select 'pre, rows before: ' || count(*) from duckdb_tables() where table_name = 'm'",
        "{% if false %} not SQL {% endif %}",
    ],
    post_hook=[
        "insert into {{ this }} values (2)",
        "insert into log select 'post, rows: ' || count(*) from {{ this }}",
        {"sql": "insert into log values ('post outside')", "transaction": False},
    ],
) }}
select 1 as a
`)
	s.exec("create table log (entry varchar)")
	s.succeeds(build.RunAll)
	s.wantRows("from log", "pre outside", "pre, rows before: 0", "post, rows: 2", "post outside")
	s.wantRows("from s.m", "1", "2")
}

const hooked = `
-- dbt_project.yml --
name: shop
profile: shop
on-run-start:
  - "FIRST"
  - "insert into log values ('second start')"
on-run-end:
  - "{% for r in results %}insert into log values ('{{ r.node.name }} {{ r.status }}');{% endfor %}"
-- models/m.sql --
select 1 as a
`

func TestRunHooks(t *testing.T) {
	t.Parallel()
	s := newShop(t, hooked)
	s.exec("create table log (entry varchar)")
	s.files["dbt_project.yml"] = replace(s.files["dbt_project.yml"], "FIRST", "insert into log values ('first start')")
	results := s.succeeds(build.RunAll)
	s.wantRows("from log", "first start", "second start", "m success")
	if got := results.Total(); got != 4 {
		t.Errorf("total = %d, want the model and three hooks", got)
	}
}

func TestFailedRunHookSkipsTheOthersOfItsList(t *testing.T) {
	t.Parallel()
	s := newShop(t, hooked)
	s.exec("create table log (entry varchar)")
	s.files["dbt_project.yml"] = replace(s.files["dbt_project.yml"], "FIRST", "select no_such_column")
	results := s.run(build.RunAll)
	if !results.Failed() {
		t.Error("the run is green, want failed")
	}
	s.wantStatuses(results, map[string]string{
		"shop-on-run-start-0": "error", "shop-on-run-start-1": "skipped", "m": "success", "shop-on-run-end-0": "success",
	})
	s.wantRows("from log", "m success")
}

func TestPersistDocs(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"view", "table", "incremental"} {
		s := newShop(t, `
-- models/m.sql --
select 1 as "Id", 2 as other
-- models/schema.yml --
models:
  - name: m
    description: It's the model.
    config: {materialized: `+kind+`, persist_docs: {relation: true, columns: true}}
    columns:
      - {name: id, description: "The 'key'."}
      - {name: not_there, description: Nothing.}
`)
		s.succeeds(build.RunAll)
		s.wantRows("select comment from duckdb_columns() where table_name = 'm' and comment is not null", "The 'key'.")
		s.wantRows("select comment from duckdb_tables() where table_name = 'm' union all select comment from duckdb_views() where view_name = 'm'", "It's the model.")
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	const schema = `
-- models/schema.yml --
models:
  - name: m
    config: {materialized: KIND, contract: {enforced: true}}
    columns:
      - name: id
        data_type: int
        constraints: [{type: not_null}, {type: primary_key}]
      - name: label
        data_type: text
        constraints: [{type: check, expression: "length(label) < 5"}]
`
	s := newShop(t, replace(schema, "KIND", "table")+"-- models/m.sql --\nselect 'a' as label, 1 as id")
	s.succeeds(build.RunAll)
	s.wantRows("from s.m", "1 a")
	f := func(sql, want string) {
		t.Helper()
		s.write("-- models/m.sql --\n" + sql)
		s.wantStatuses(s.run(build.RunAll), map[string]string{"m": want})
		s.wantRows("from s.m", "1 a")
	}
	f("select 'a' as label, null::int as id", "error: Constraint Error")
	f("select 'too long' as label, 2 as id", "error: Constraint Error")
	f("select 'a' as label, 2::bigint as id", "error: This model has an enforced contract that failed")
	f("select 'a' as label, 2 as id, 3 as surplus", "error: This model has an enforced contract that failed")
	f("select 2 as id", "error: This model has an enforced contract that failed")

	s = newShop(t, replace(schema, "KIND", "view")+"-- models/m.sql --\nselect 'a' as label, 1 as id")
	s.succeeds(build.RunAll)
}

func replace(text, old, with string) string { return strings.ReplaceAll(text, old, with) }

// A table with an index cannot be renamed in DuckDB: that the second run swaps
// it is what this is about.
func TestIndexesThatPinTables(t *testing.T) {
	t.Parallel()
	const indexes = "indexes=[{'columns': ['a'], 'unique': true, 'type': 'hash'}, {'columns': ['b', 'a']}]"
	s := newShop(t, "-- models/t.sql --\n{{ config("+indexes+") }} select 1 as a, 2 as b"+
		"\n-- models/i.sql --\n{{ config(materialized='incremental', "+indexes+") }} select {{ 3 if is_incremental() else 1 }} as a, 2 as b"+
		"\n-- seeds/s.csv --\na,b\n1,2\n-- seeds/seeds.yml --\nseeds: [{name: s, config: {indexes: [{columns: [b]}]}}]"+
		"\n-- snapshots/h.sql --\n{% snapshot h %}{{ config(target_schema='s', unique_key='a', strategy='check', check_cols='all', "+indexes+") }} select a, b from {{ ref('t') }}{% endsnapshot %}")
	listed := func(want ...string) {
		t.Helper()
		s.wantRows("select table_name, is_unique, expressions from duckdb_indexes() order by all", want...)
	}
	all := []string{"h false [b, a]", "h true [a]", "i false [b, a]", "i true [a]", "s false [b]", "t false [b, a]", "t true [a]"}
	for range 3 {
		s.succeeds(build.Build)
		listed(all...)
		s.fullRefresh = !s.fullRefresh
	}
	s.write("-- models/t.sql --\n{{ config(" + indexes + ") }} select * from (values (1, 2), (1, 3)) as v(a, b)")
	s.wantStatuses(s.run(build.RunAll), map[string]string{"i": "success", "t": "error: commit: TransactionContext Error: Failed to commit: PRIMARY KEY or UNIQUE constraint violation"})
	listed(all...)
	s.wantRows("from s.t", "1 2")
	s.write("-- models/t.sql --\n{{ config(indexes=['a']) }} select 1 as a, 2 as b")
	s.wantStatuses(s.run(build.RunAll), map[string]string{"i": "success", "t": "error: models/t.sql: indexes: 'a' is no index\nhint:"})
	s.write("-- models/t.sql --\n{{ config(materialized='view') }} select 1 as a, 2 as b")
	s.succeeds(build.Build)
}

func TestContractOfANumberWithoutSize(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/m.sql --\nselect 1.5::decimal as n, 2.5::decimal(4,1) as d"+
		"\n-- models/m.yml --\nmodels: [{name: m, config: {contract: {enforced: true}}, columns: [{name: n, data_type: ' Decimal'}, {name: d, data_type: 'decimal(4,1)'}]}]")
	results := s.succeeds(build.RunAll)
	if want := "models/m.sql: the data_type of n has no precision and scale, so numbers may be rounded"; len(results.Warnings) != 1 || results.Warnings[0] != want {
		t.Errorf("warnings = %q, want %q", results.Warnings, want)
	}
}

func TestRunEndHooksReadResults(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- dbt_project.yml --
name: shop
profile: shop
on-run-end: "{% for r in results %}insert into log values ('{{ r.node.config.materialized }} {{ r.to_dict().unique_id }} {{ r.timing | length }} {{ r.adapter_response._message }} {{ r.relation_name }}');{% endfor %}"
-- models/m.sql --
{{ config(materialized='table') }} select 1 as a
`)
	s.exec("create table log (entry varchar)")
	s.succeeds(build.RunAll)
	s.wantRows("from log", `table model.shop.m 2 OK "memory"."s"."m"`)
}
