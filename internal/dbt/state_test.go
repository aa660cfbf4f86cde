package dbt_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

const stateProject = `
-- dbt_project.yml --
name: shop
profile: shop
-- profiles.yml --
shop: {target: dev, outputs: {dev: {type: duckdb}}}
-- macros/m.sql --
{% macro inner() %}1{% endmacro %}
{% macro outer() %}{{ inner() }}{% endmacro %}
-- models/a.sql --
select 1 as id
-- models/b.sql --
select {{ outer() }} as id from {{ ref('a') }}
-- models/c.sql --
{{ config(materialized='table', alias='cc') }} select 1 as id from {{ ref('b') }}
-- models/d.sql --
{{ config(materialized='ephemeral') }} select 1 as id
-- seeds/codes.csv --
id
1
-- models/all.yml --
models:
  - {name: a, description: the a, config: {persist_docs: {relation: true}, tags: [x]}}
  - {name: c, columns: [{name: id, data_type: int, data_tests: [unique]}], config: {contract: {enforced: true}}}
`

// stateOf writes the artifacts of a project and reads them back as a state.
func stateOf(t *testing.T, archive string, more fstest.MapFS) *dbt.State {
	t.Helper()
	p, err := load(t, txtar.Parse([]byte(archive)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteManifest(&b, nil); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"manifest.json": {Data: b.Bytes()}}
	for name, f := range more {
		files[name] = f
	}
	s, err := dbt.ReadState(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStateFindsWhatChanged(t *testing.T) {
	t.Parallel()
	s := stateOf(t, stateProject, nil)
	tests := []struct {
		name, from, to string
		want           map[string]string // by what is looked for
	}{
		{"nothing", "", "", map[string]string{"modified": "", "new": "", "unmodified": "a b c d codes unique", "old": "a b c d codes unique"}},
		{"body", "select 1 as id\n-- models/b", "select 2 as id\n-- models/b", map[string]string{"modified": "a", "modified.body": "a", "modified.configs": "", "modified.macros": ""}},
		{"config", "materialized='table'", "materialized='view'", map[string]string{"modified": "c", "modified.configs": "c", "modified.body": "c"}},
		{"tags", "tags: [x]", "tags: [y]", map[string]string{"modified": ""}},
		{"relation", "alias='cc'", "alias='ccc'", map[string]string{"modified": "c", "modified.relation": "c", "modified.configs": ""}},
		{"description", "the a", "an a", map[string]string{"modified": "a", "modified.persisted_descriptions": "a"}},
		{"contract", "data_type: int", "data_type: bigint", map[string]string{"modified": "c", "modified.contract": "c", "modified.body": ""}},
		{"macro", "inner() %}1", "inner() %}2", map[string]string{"modified": "b", "modified.macros": "b", "modified.body": ""}},
		{"seed", "id\n1\n", "id\n2\n", map[string]string{"modified": "codes", "modified.body": "codes"}},
		{"new", "-- seeds/codes.csv --", "-- models/e.sql --\nselect 1\n-- seeds/codes.csv --", map[string]string{"modified": "e", "new": "e", "old": "a b c d codes unique"}},
	}
	for _, tt := range tests {
		changed := strings.Replace(stateProject, tt.from, tt.to, 1)
		p, err := load(t, txtar.Parse([]byte(changed)), nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for what, want := range tt.want {
			ids, err := p.Select(dbt.Selection{Select: []string{"state:" + what}, Indirect: "empty", State: s})
			if err != nil {
				t.Errorf("%s, state:%s: %v", tt.name, what, err)
			} else if got := short(ids); got != want {
				t.Errorf("%s, state:%s = %q, want %q", tt.name, what, got, want)
			}
		}
	}
}

// A seed of more than a megabyte is told by its path, as in dbt, which says so.
func TestStateOfLargeSeeds(t *testing.T) {
	t.Parallel()
	large := func(last string) string {
		return strings.Replace(stateProject, "id\n1\n", "id\n"+strings.Repeat("1\n", 1<<19)+last, 1)
	}
	tests := []struct{ name, before, after, selected, event string }{
		{"same path", large(""), large("2\n"), "", "SeedExceedsLimitSamePath"},
		{"was small", stateProject, large(""), "codes", "SeedIncreased"},
		{"is small", large(""), stateProject, "codes", ""},
	}
	for _, tt := range tests {
		s := stateOf(t, tt.before, nil)
		p, err := load(t, txtar.Parse([]byte(tt.after)), nil)
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		ids, err := p.Select(dbt.Selection{Select: []string{"state:modified"}, Indirect: "empty", State: s,
			Warn: func(w dbt.Problem) { events = append(events, w.Event) }})
		if err != nil || short(ids) != tt.selected || strings.Join(events, " ") != tt.event {
			t.Errorf("%s: selected %q, warned %q (%v), want %q, %q", tt.name, short(ids), events, err, tt.selected, tt.event)
		}
	}
}

func TestResultsSelect(t *testing.T) {
	t.Parallel()
	s := stateOf(t, stateProject, fstest.MapFS{"run_results.json": {Data: []byte(
		`{"results": [{"unique_id": "model.shop.a", "status": "error"}, {"unique_id": "model.shop.b", "status": "skipped"}]}`)}})
	p, err := load(t, txtar.Parse([]byte(stateProject)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{"result:error": "a", "result:error result:skipped": "a b", "result:error+": "a b c unique", "result:fail": ""} {
		ids, err := p.Select(dbt.Selection{Select: []string{what}, State: s})
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if got := short(ids); got != want {
			t.Errorf("%s = %q, want %q", what, got, want)
		}
	}
}

// A ref means the relation of the earlier run where there is none here.
func TestDefer(t *testing.T) {
	t.Parallel()
	prod := strings.ReplaceAll(stateProject, "{type: duckdb}", "{type: duckdb, schema: prod}")
	s := stateOf(t, prod, nil)
	compiled := func(favor bool, selected ...string) string {
		p, err := load(t, txtar.Parse([]byte(strings.ReplaceAll(stateProject, "from {{ ref('a') }}", "from {{ ref('a') }}, {{ ref('codes') }}, {{ ref('d') }}"))), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Defer(s, selected, favor); err != nil {
			t.Fatal(err)
		}
		c, err := p.Compile(t.Context(), p.Nodes["model.shop.b"], codesExist{})
		if err != nil {
			t.Fatal(err)
		}
		_, from, _ := strings.Cut(c.Code, "as id from ")
		return from
	}
	if got, want := compiled(false), `"memory"."prod"."a", "memory"."main"."codes", __dbt__cte__d`; got != want {
		t.Errorf("from %s, want %s", got, want)
	}
	if got, want := compiled(true, "model.shop.a"), `"memory"."prod"."a", "memory"."prod"."codes", __dbt__cte__d`; got != want {
		t.Errorf("favoring the state: from %s, want %s", got, want)
	}
}

type codesExist struct{ scripted }

func (codesExist) Relation(_ context.Context, database, schema, identifier string) (dbt.Relation, bool, error) {
	return dbt.Relation{Database: database, Schema: schema, Identifier: identifier}, identifier == "codes", nil
}

func TestSelectorsFile(t *testing.T) {
	t.Parallel()
	const selectors = `
-- selectors.yml --
selectors:
  - {name: text, definition: 'b+'}
  - {name: short, definition: {tag: x}}
  - name: both
    definition:
      union:
        - {method: selector, value: text}
        - 'a'
        - exclude: [{method: config.materialized, value: table}]
  - name: inter
    default: "{{ target.name == 'dev' }}"
    definition:
      intersection: [{method: fqn, value: c, parents: true, parents_depth: 1}, 'b', {method: resource_type, value: model, exclude: [c]}]
  - {name: careful, definition: {method: fqn, value: c, indirect_selection: empty}}
`
	p, err := load(t, txtar.Parse([]byte(stateProject+selectors)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"text": "b c unique", "short": "a", "both": "a b", "inter": "b", "careful": "c", "": "b"} {
		ids, err := p.Select(dbt.Selection{Selector: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := short(ids); got != want {
			t.Errorf("selector %q = %q, want %q", name, got, want)
		}
	}
	if _, err := p.Select(dbt.Selection{Selector: "none"}); err == nil || !strings.Contains(err.Error(), "Could not find selector named none, expected one of ['both', 'careful', 'inter', 'short', 'text']") {
		t.Errorf("error %v", err)
	}
	for definition, want := range map[string]string{
		"{nope: x}":                         "'nope' is not a valid method name",
		"{method: selector, value: later}":  "existing selector definition for later not found",
		"{union: [a], intersection: [b]}":   "only a single 'union' or 'intersection' key",
		"{union: a}":                        "union must be a list",
		"{method: tag}":                     "'method' is not a valid method name",
		"[a]":                               "a text or a mapping",
		"{method: tag, parents: true}":      "expected either 1 key",
		"{method: tag, value: x, size: 1,}": "",
	} {
		_, err := load(t, txtar.Parse([]byte(stateProject+"-- selectors.yml --\nselectors: [{name: s, definition: "+definition+"}]\n")), nil)
		if want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", definition, err, want)
		}
	}
}

// TestSelectionAgainstRealDbt holds what dbt ls lists for selections of the
// features project (see the archive's comment), in dbt 1.10.23's words.
func TestSelectionAgainstRealDbt(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/real/features.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	listed := []dbt.ResourceType{dbt.Model, dbt.Seed, dbt.Snapshot, dbt.DataTest, dbt.UnitTestResource, dbt.SourceResource, dbt.ExposureResource,
		dbt.MetricResource, dbt.SemanticModelResource, dbt.SavedQueryResource}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "selections" })
	for _, line := range strings.Split(strings.TrimSpace(string(a.Files[i].Data)), "\n") {
		flags, want, _ := strings.Cut(line, " => ")
		s := dbt.Selection{ResourceTypes: listed}
		words := strings.Fields(flags)
		for at, word := range words[1:] {
			switch flag := lastFlag(words[:at+1]); {
			case strings.HasPrefix(word, "--"):
			case flag == "--select":
				s.Select = append(s.Select, word)
			case flag == "--exclude":
				s.Exclude = append(s.Exclude, word)
			case flag == "--selector":
				s.Selector = word
			default:
				s.Indirect = word
			}
		}
		ids, err := p.Select(s)
		if err != nil {
			t.Errorf("%s: %v", flags, err)
		} else if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", flags, got, want)
		}
	}
}

func lastFlag(words []string) string {
	for _, w := range slices.Backward(words) {
		if strings.HasPrefix(w, "--") {
			return w
		}
	}
	return ""
}
