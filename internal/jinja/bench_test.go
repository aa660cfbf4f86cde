package jinja_test

import (
	"strings"
	"testing"

	"apotheca/internal/jinja"
)

// model is a dbt model of the usual kind: a config, a loop over columns, refs,
// a macro and an incremental filter.
const model = `{{ config(materialized='incremental', unique_key='id') }}
{%- set columns = ['id', 'name', 'status', 'phase', 'updated_at'] -%}
{%- set statuses = {'active': 1, 'completed': 2, 'withdrawn': 3} %}

with studies as (
    select * from {{ ref('stg_studies') }}
),

final as (
    select
        {%- for c in columns %}
        {{ trimmed(c) }} as {{ c | lower }}{{ "," if not loop.last }}
        {%- endfor %},
        case
        {%- for name, rank in statuses.items() %}
            when status = '{{ name }}' then {{ rank }}
        {%- endfor %}
        end as rank
    from studies
    {% if is_incremental() %}
    where updated_at > (select max(updated_at) from {{ this }})
    {% endif %}
)

select * from final
`

func modelState(b *testing.B) (*jinja.Template, func() *jinja.State) {
	b.Helper()
	lib, err := jinja.Parse("lib", "{% macro trimmed(c, default='') %}nullif(trim({{ c }}), '{{ default }}'){% endmacro %}")
	if err != nil {
		b.Fatal(err)
	}
	tmpl, err := jinja.Parse("model", model)
	if err != nil {
		b.Fatal(err)
	}
	answer := func(v any) jinja.Func {
		return func(*jinja.State, []any, *jinja.Dict) (any, error) { return v, nil }
	}
	globals := map[string]any{
		"config": answer(""), "ref": answer(&relation{"main", "stg_studies"}),
		"is_incremental": answer(true), "this": &relation{"main", "dim_study"}, "trimmed": lib.Defs()["trimmed"],
	}
	return tmpl, func() *jinja.State { return state(b.Context(), globals) }
}

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(model)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jinja.Parse("model", model); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	tmpl, newState := modelState(b)
	b.ReportAllocs()
	for b.Loop() {
		text, err := tmpl.Render(newState())
		if err != nil || !strings.Contains(text, "nullif(trim(updated_at), '') as updated_at,\n") {
			b.Fatal(text, err)
		}
	}
}
