package dbt_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/dbt"
)

// TestStaticReadingIsRendering reads models whose code says everything at once,
// and the same models with a comment, which forces a render.
func TestStaticReadingIsRendering(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	pick := func(options ...string) string { return options[r.IntN(len(options))] }
	piece := func() string {
		return pick("select ", "1 as one, ", "'}} {' ", "\n", "{ ", "-- }}\n", "é ") +
			"{{" + pick("", "-", "+") + pick("", " ", "\n ") + pick(
			"ref('a')", `ref("a")`, "ref('x', 'a')", "ref( 'a' , )", "ref('a', v=2)", "ref('a', version='2')", "ref(name)", "ref('a').name", "ref()", "ref('a' 'b')",
			"source('s', 't')", "source('s')", "source(\n's',\n't'\n)", "this", "var('v', 1)",
			"config(tags=['t', 'u'], meta=none)", "config(materialized='table')", "config(tags='v', alias=\"it's\",)", "config(enabled=True, lookback=3, x=-1)",
			"config({'a': 1})", "config()", "config(unique_key=[])", "config(x='a\\n', y=\"\")", "config(x=1, x=2)", "config(x=01)", "config(x=1 if true else 2)", "config(pre_hook='{{ this }}')",
		) + pick("", " ") + pick("", "-") + "}}" + pick("", " from t", "\nwhere true")
	}
	fsys := func() fstest.MapFS {
		return fstest.MapFS{
			"dbt_project.yml": {Data: []byte("name: x\nprofile: x\n")},
			"profiles.yml":    {Data: []byte("x: {target: d, outputs: {d: {type: duckdb}}}\n")},
			"models/s.yml":    {Data: []byte("sources: [{name: s, tables: [{name: t}]}]\nmodels: [{name: a, latest_version: 2, versions: [{v: 1}, {v: 2}]}]\n")},
			"models/a_v1.sql": {Data: []byte("select 1")}, "models/a_v2.sql": {Data: []byte("select 2")},
		}
	}
	read := 0
	for i := range 300 {
		text := ""
		for range 1 + r.IntN(3) {
			text += piece()
		}
		outcome := func(text string) string {
			project := fsys()
			project["models/m.sql"] = &fstest.MapFile{Data: []byte(text)}
			p, err := dbt.Load(dbt.Options{FS: project})
			if err != nil {
				return "an error"
			}
			n := p.Nodes["model.x.m"]
			config, err := json.Marshal(n.Config)
			if err != nil {
				t.Fatal(err)
			}
			read++
			return fmt.Sprint(n.Refs, n.SourceRefs, n.DependsOn, n.Tags, string(config))
		}
		if diff := cmp.Diff(outcome(text+"{# rendered #}"), outcome(text)); diff != "" {
			t.Errorf("%d: %s\n(-rendered +read):\n%s", i, text, diff)
		}
	}
	if read < 30 {
		t.Errorf("only %d of the models could be read at all", read)
	}
}

// TestNamesAreThoseOfTheMacros compares the names a project gets by default with
// those it gets when it spells dbt's macros out.
func TestNamesAreThoseOfTheMacros(t *testing.T) {
	t.Parallel()
	const macros = `
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else target.schema ~ '_' ~ (custom_schema_name | trim) }}
{%- endmacro %}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {% if custom_alias_name %}{{ custom_alias_name | trim }}
    {% elif node.version %}{{ node.name ~ '_v' ~ (node.version | replace('.', '_')) }}
    {% else %}{{ node.name }}{% endif %}
{%- endmacro %}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ target.database if custom_database_name is none else custom_database_name }}
{%- endmacro %}`
	var models strings.Builder
	project := fstest.MapFS{
		"dbt_project.yml": {Data: []byte("name: x\nprofile: x\n")},
		"profiles.yml":    {Data: []byte("x: {target: d, outputs: {d: {type: duckdb, schema: base}}}\n")},
	}
	for i, config := range []string{
		"", "schema: marts", "schema: ' padded '", "schema: 12", "schema: ''", "alias: other", "alias: ' o '", "alias: ''", "alias: 7",
		"database: elsewhere", "database: ' e '", "schema: true, alias: false",
	} {
		fmt.Fprintf(&models, "  - {name: m%d, config: {%s}}\n", i, config)
		project[fmt.Sprintf("models/m%d.sql", i)] = &fstest.MapFile{Data: []byte("select 1")}
	}
	project["models/m.yml"] = &fstest.MapFile{Data: []byte("models:\n" + models.String() + "  - {name: v, versions: [{v: 1}, {v: 2.5}]}\n")}
	project["models/v_v1.sql"] = &fstest.MapFile{Data: []byte("select 1")}
	project["models/v_v2.5.sql"] = &fstest.MapFile{Data: []byte("select 1")}
	names := func() map[string]string {
		p, err := dbt.Load(dbt.Options{FS: project})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for id, n := range p.Nodes {
			out[id] = n.RelationName
		}
		return out
	}
	got := names()
	project["macros/names.sql"] = &fstest.MapFile{Data: []byte(macros)}
	if diff := cmp.Diff(names(), got); diff != "" {
		t.Errorf("(-macros +default):\n%s", diff)
	}
	if len(got) != 14 {
		t.Errorf("%d relations, want 14", len(got))
	}
}
