package dbt_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

const unitTestProject = `
-- dbt_project.yml --
name: shop
profile: shop
-- profiles.yml --
shop: {target: dev, outputs: {dev: {type: duckdb}}}
-- models/in.sql --
select 1 as id
-- models/out.sql --
{{ config(materialized='incremental') }}
with i as (select * from {{ ref('in') }})
select i.id, '{{ var("word") }}' as word from i join {{ source('raw', 'prices') }} p on p.id = i.id
{% if is_incremental() %} where i.id > (select max(id) from {{ this }}) {% endif %}
-- models/all.yml --
sources: [{name: raw, tables: [{name: prices}]}]
unit_tests:
  - name: incremental
    model: out
    overrides: {macros: {is_incremental: true}, vars: {word: w}}
    given:
      - input: ref('in')
        rows:
          - {id: 1, name: it's}
          - {id: 2}
      - input: source('raw', 'prices')
        format: csv
        rows: |
          id,price
          1,2.5
          2,
      - input: this
        rows: []
    expect:
      rows: [{id: 2, word: w}]
  - name: typo
    model: out
    given:
      - {input: ref('in'), rows: [{idd: 1}]}
    expect: {rows: []}
  - name: lacks_an_input
    model: out
    given:
      - {input: ref('in'), rows: [{id: 1}]}
    expect: {rows: []}
`

func TestCompileUnitTest(t *testing.T) {
	t.Parallel()
	p, err := load(t, txtar.Parse([]byte(unitTestProject)), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.CompileUnitTest(context.Background(), p.UnitTests["unit_test.shop.out.incremental"], scripted{})
	if err != nil {
		t.Fatal(err)
	}
	want := `with __dbt__cte__out as (

-- Fixture for out
select cast(null as BIGINT) as "id", cast(null as character varying(256)) as "name", cast(null as DECIMAL(18,2)) as "price"
limit 0
),  __dbt__cte__in as (

-- Fixture for in
select cast(1 as BIGINT) as "id", cast('it''s' as character varying) as "name", cast(null as DECIMAL(18,2)) as "price"
union all
select cast(2 as BIGINT) as "id", cast(null as character varying(256)) as "name", cast(null as DECIMAL(18,2)) as "price"
),  __dbt__cte__prices as (

-- Fixture for prices
select cast('1' as BIGINT) as "id", cast(null as character varying(256)) as "name", cast('2.5' as DECIMAL(18,2)) as "price"
union all
select cast('2' as BIGINT) as "id", cast(null as character varying(256)) as "name", cast(null as DECIMAL(18,2)) as "price"
), i as (select * from __dbt__cte__in)
select i.id, 'w' as word from i join __dbt__cte__prices p on p.id = i.id
 where i.id > (select max(id) from __dbt__cte__out)`
	if diff := cmp.Diff(want, strings.TrimSpace(strings.Replace(c.Code, "with  ", "with ", 1))); diff != "" {
		t.Errorf("code (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"id", "word"}, c.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestCompileUnitTestRefuses(t *testing.T) {
	t.Parallel()
	p, err := load(t, txtar.Parse([]byte(unitTestProject)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"typo":           "there is no column 'idd'; there are id, name, price",
		"lacks_an_input": "the model reads source.shop.raw.prices, for which no rows are given",
	} {
		_, err := p.CompileUnitTest(context.Background(), p.UnitTests["unit_test.shop.out."+name], scripted{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "models/all.yml:") {
			t.Errorf("CompileUnitTest(%s) = %v, want a placed error with %q", name, err, want)
		}
	}
}

func TestRenderAndCall(t *testing.T) {
	t.Parallel()
	a := txtar.Parse([]byte(unitTestProject + `
-- macros/generate_schema_name.sql --
{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or 'plain' }}{% endmacro %}
`))
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := p.Nodes["model.shop.out"]
	if n.Schema != "plain" {
		t.Errorf("schema = %q, want plain", n.Schema)
	}
	running := dbt.Running{
		Node: n, Adapter: scripted{}, Compiled: &dbt.Compiled{Code: "select 1"},
		Names: map[string]any{"results": []any{1, 2}},
	}
	got, err := p.Render(context.Background(), running, "grant on {{ this }} {{ target.name }} {{ results | length }} {{ sql }} {{ model.compiled_code }}")
	if want := `grant on "memory"."plain"."out" dev 2 select 1 select 1`; err != nil || got != want {
		t.Errorf("Render = %q, %v, want %q", got, err, want)
	}
	if p.Replaced(nil, "generate_schema_name") == nil || p.Replaced(nil, "generate_alias_name") != nil {
		t.Error("Replaced must tell the project's macros from dbt's")
	}
	v, err := p.Call(context.Background(), running, "get_where_subquery", dbt.Relation{Identifier: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := v.(interface{ Str() string }); !ok || r.Str() != "x" {
		t.Errorf("Call = %v, want the relation x", v)
	}
}
