package dbt_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

// The graph: source raw.in → a → b → d, and c → d; e stands alone. Tests hang
// on a (unique), on b and c together (relationships), and on d (singular).
const selectionProject = `
-- dbt_project.yml --
name: shop
profile: shop
-- profiles.yml --
shop: {target: dev, outputs: {dev: {type: duckdb}}}
-- models/staging/a.sql --
{{ config(tags=['nightly']) }} select * from {{ source('raw', 'in') }}
-- models/staging/c.sql --
select 1 as id
-- models/marts/b.sql --
{{ config(materialized='table', tags=['nightly', 'mart'], meta={'owner': 'ann'}) }} select * from {{ ref('a') }}
-- models/marts/d.sql --
{{ config(materialized='table') }} select * from {{ ref('b') }} join {{ ref('c') }}
-- models/marts/e.sql --
select 1 as id
-- seeds/codes.csv --
id
1
-- tests/d_is_fine.sql --
select * from {{ ref('d') }}
-- models/all.yml --
sources: [{name: raw, tables: [{name: in}]}]
models:
  - name: a
    columns: [{name: id, data_tests: [unique]}]
  - name: b
    columns:
      - name: id
        data_tests: [{relationships: {arguments: {to: ref('c'), field: id}}}]
exposures: [{name: board, type: dashboard, owner: {name: o}, depends_on: [ref('d')]}]
unit_tests:
  - {name: ut, model: b, given: [{input: ref('a'), rows: []}], expect: {rows: []}}
`

func selectionOf(t *testing.T) *dbt.Project {
	t.Helper()
	p, err := load(t, txtar.Parse([]byte(selectionProject)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// short names a resource by its last part; generic tests by their test.
func short(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		parts := strings.Split(id, ".")
		names[i] = parts[2]
		switch {
		case parts[0] == "unit_test" || parts[0] == "source":
			names[i] = parts[3]
		case parts[0] == "test" && len(parts) > 3:
			names[i] = strings.SplitN(parts[2], "_", 2)[0]
		}
	}
	return strings.Join(names, " ")
}

func TestSelect(t *testing.T) {
	t.Parallel()
	p := selectionOf(t)
	tests := []struct {
		selection dbt.Selection
		want      string
	}{
		{dbt.Selection{}, "a b c d e codes d_is_fine relationships unique ut"},
		{dbt.Selection{Select: []string{"a"}}, "a unique"},
		{dbt.Selection{Select: []string{"b"}}, "b relationships ut"},
		{dbt.Selection{Select: []string{"b"}, Indirect: "cautious"}, "b ut"},
		{dbt.Selection{Select: []string{"b", "c"}, Indirect: "cautious"}, "b c relationships ut"},
		{dbt.Selection{Select: []string{"b"}, Indirect: "buildable"}, "b ut"},
		{dbt.Selection{Select: []string{"d"}, Indirect: "buildable"}, "d d_is_fine"},
		{dbt.Selection{Select: []string{"b"}, Indirect: "empty"}, "b ut"},
		{dbt.Selection{Select: []string{"+b"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b"},
		{dbt.Selection{Select: []string{"a+"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b d"},
		{dbt.Selection{Select: []string{"a+1"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b"},
		{dbt.Selection{Select: []string{"1+d"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b c d"},
		{dbt.Selection{Select: []string{"@c"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b c d"},
		{dbt.Selection{Select: []string{"tag:nightly"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b"},
		{dbt.Selection{Select: []string{"tag:nightly,tag:mart"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b"},
		{dbt.Selection{Select: []string{"a c"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a c"},
		{dbt.Selection{Select: []string{"marts"}, Exclude: []string{"d", "e"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b"},
		{dbt.Selection{Select: []string{"shop.staging"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a c"},
		{dbt.Selection{Select: []string{"models/marts"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b d e"},
		{dbt.Selection{Select: []string{"path:models/*/a.sql"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a"},
		{dbt.Selection{Select: []string{"path:models/**/d.sql"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "d"},
		{dbt.Selection{Select: []string{"a.sql"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a"},
		{dbt.Selection{Select: []string{"source:raw+"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b d"},
		{dbt.Selection{Select: []string{"source:raw.in"}, ResourceTypes: []dbt.ResourceType{dbt.SourceResource}}, "in"},
		{dbt.Selection{Select: []string{"resource_type:seed"}}, "codes"},
		{dbt.Selection{Select: []string{"test_type:singular"}}, "d_is_fine"},
		{dbt.Selection{Select: []string{"test_type:generic"}}, "relationships unique"},
		{dbt.Selection{Select: []string{"test_type:unit"}}, "ut"},
		{dbt.Selection{Select: []string{"test_name:unique"}}, "unique"},
		{dbt.Selection{Select: []string{"config.materialized:table"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b d"},
		{dbt.Selection{Select: []string{"config.meta.owner:ann"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b"},
		{dbt.Selection{Select: []string{"config.tags:mart"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "b"},
		{dbt.Selection{Select: []string{"+exposure:board"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b c d"},
		{dbt.Selection{Select: []string{"package:this"}, ResourceTypes: []dbt.ResourceType{dbt.Seed}}, "codes"},
		{dbt.Selection{Select: []string{"*.[ab]"}, ResourceTypes: []dbt.ResourceType{dbt.Model}}, "a b"},
		{dbt.Selection{Select: []string{"[ab]"}}, ""}, // a wildcard matches all of the name, folders too
		{dbt.Selection{Select: []string{"nothing_of_that_name"}}, ""},
		{dbt.Selection{Select: []string{"a"}, Exclude: []string{"test_name:unique"}}, "a"},
	}
	for _, tt := range tests {
		ids, err := p.Select(tt.selection)
		if err != nil {
			t.Errorf("Select(%+v): %v", tt.selection, err)
			continue
		}
		if got := short(ids); got != tt.want {
			t.Errorf("Select(%+v) = %q, want %q", tt.selection, got, tt.want)
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	t.Parallel()
	p := selectionOf(t)
	for element, want := range map[string]string{
		"@a+":                 "cannot stand together",
		"tga:nightly":         "did you mean tag:",
		"state:modified":      "no comparison manifest",
		"result:error":        "No comparison run_results",
		"version:newest":      "no kind of version",
		"metric:a.b.c":        "is not name or package.name",
		"resource_type:modle": "no resource type",
		"source:a.b.c.d":      "is not source",
	} {
		_, err := p.Select(dbt.Selection{Select: []string{element}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Select(%q) = %v, want an error with %q", element, err, want)
		}
	}
}

func TestBuildOrderGatesOnTests(t *testing.T) {
	t.Parallel()
	p := selectionOf(t)
	ids, err := p.Select(dbt.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	get := func(gates bool) map[string]string {
		out := map[string]string{}
		for id, needs := range p.BuildOrder(ids, gates) {
			out[short([]string{id})] = short(needs)
		}
		return out
	}
	plain := map[string]string{
		"a": "", "b": "a", "c": "", "d": "b c", "e": "", "codes": "", "unique": "a", "relationships": "b c", "d_is_fine": "d", "ut": "a",
	}
	if diff := cmp.Diff(plain, get(false)); diff != "" {
		t.Errorf("without gates (-want +got):\n%s", diff)
	}
	// b waits for a's test and for its own unit test, which waits for a's test
	// too, and d waits for b; only d lies below both ends of the relationship.
	gated := map[string]string{
		"a": "", "b": "a unique ut", "c": "", "d": "b c relationships", "e": "", "codes": "", "unique": "a", "relationships": "b c",
		"d_is_fine": "d", "ut": "a unique",
	}
	if diff := cmp.Diff(gated, get(true)); diff != "" {
		t.Errorf("with gates (-want +got):\n%s", diff)
	}
}

func FuzzSelect(f *testing.F) {
	for _, s := range []string{"a", "+a+", "2+a+3", "@a", "tag:x,b", "config.meta.x:y", "path:models/**/[a-b]*.sql", "source:raw.*", "[!a]", "99999999999999999999+a"} {
		f.Add(s)
	}
	a := txtar.Parse([]byte(selectionProject))
	fsys, err := txtar.FS(a)
	if err != nil {
		f.Fatal(err)
	}
	p, err := dbt.Load(dbt.Options{FS: fsys})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ids, err := p.Select(dbt.Selection{Select: []string{s}})
		if err != nil && ids != nil {
			t.Errorf("Select(%q) gave both ids and an error", s)
		}
	})
}
