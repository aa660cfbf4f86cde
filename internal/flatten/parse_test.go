package flatten_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/flatten"
	"apotheca/internal/schema"
)

const small = `record: study
identity: {column: nct_id, path: id, pattern: '^N'}
tables:
  - name: studies
    each: study
    grain: one row per study
    key: [nct_id]
    columns:
      - {name: title, path: module.title, type: text}
  - name: sites
    each:
      - {path: 'module.sites[]', set: {role: site}}
    key: [nct_id, ordinal]
    columns:
      - {name: role, set: role, type: text}
      - {name: city, path: city, type: text}
`

func TestParseSpecMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, old, replacement string
		want                   []string
	}{
		{"empty", small, "", []string{"m.yml: the mapping is empty\n  hint: start with `record: study`"}},
		{"a list", small, "- a", []string{"m.yml:1:1: the mapping must be a mapping\n  hint: write it as `key: value` pairs with the keys record, identity, tables"}},
		{"unknown key", "grain:", "grian:", []string{"m.yml:6:5: a table has no key \"grian\"\n  hint: did you mean grain?"}},
		{"key twice", "    grain: one row per study", "    name: b", []string{"m.yml:6:5: name is given twice"}},
		{"no record", "record: study\n", "", []string{
			"m.yml:1:1: record is missing\n  hint: add `record: …`",
			"m.yml:4:11: each must be \"\" or a list of places\n  hint: write `each: ` for one row per , or a list of `{path: …}`",
		}},
		{"each misspelt", "each: study", "each: studies", []string{
			"m.yml:5:11: each must be \"study\" or a list of places\n  hint: write `each: study` for one row per study, or a list of `{path: …}`",
		}},
		{"type", "type: text}\n  -", "type: string}\n  -", []string{
			"m.yml:9:49: \"string\" is no type\n  hint: write one of text, integer, double, boolean",
		}},
		{"date", "type: text}\n  -", "type: date}\n  -", []string{
			"m.yml:9:9: a value of the record is text, integer, double or boolean, not date\n  hint: take it as text and convert it in a model",
		}},
		{"no source", "path: module.title, ", "", []string{
			"m.yml:9:9: a column takes its value from one place, this one from 0\n  hint: give the column one of `path: …`, `set: …` or `lake: …`",
		}},
		{"two sources", "path: module.title", "path: module.title, lake: page", []string{
			"m.yml:9:9: a column takes its value from one place, this one from 2\n  hint: give the column one of `path: …`, `set: …` or `lake: …`",
		}},
		{"list without join", "path: module.title", "path: 'module.title[]'", []string{
			"m.yml:9:29: a column holds one value, this path is a list\n  hint: add `join: '/'`, or make the list a table of its own",
		}},
		{"join without list", "path: module.title", "path: module.title, join: '/'", []string{
			"m.yml:9:49: join puts text between the elements of a list; this path is no list\n  hint: end the path with []",
		}},
		{"path", "path: module.title", "path: '$.module'", []string{
			"m.yml:9:29: \"$.module\" is no path\n  hint: write keys joined by dots, `a.b.c`, and [] at the end of a list, `a.b[]`",
		}},
		{"name", "name: title", "name: Title", []string{
			"m.yml:9:16: \"Title\" is no name for a name\n  hint: use lower case letters, digits and _, at most 63, a letter first",
		}},
		{"column twice", "name: title", "name: nct_id", []string{"m.yml:9:9: studies has two columns nct_id\n  hint: choose another name"}},
		{"table twice", "name: sites", "name: studies", []string{"m.yml:10:5: the table studies is declared twice\n  hint: choose another name"}},
		{"quarantine", "name: sites", "name: quarantine", []string{"m.yml:10:5: the table quarantine is made for every mapping\n  hint: choose another name"}},
		{"two roots", "each:\n      - {path: 'module.sites[]', set: {role: site}}", "each: study", []string{
			"m.yml: a mapping has one table with a row per study, this one has 2\n  hint: give one table `each: study`",
			"m.yml:10:5: the key of sites names \"ordinal\", which is no column of it",
			"m.yml:14:9: set is for text columns of tables with a list under each",
		}},
		{"key column", "key: [nct_id, ordinal]", "key: [nct_id, ordinl]", []string{
			"m.yml:10:5: the key of sites names \"ordinl\", which is no column of it\n  hint: did you mean ordinal?",
		}},
		{"constant not set", "{role: site}", "{rule: site}", []string{
			"m.yml:10:5: sites sets rule, but no column shows it\n  hint: add `- {name: rule, set: rule, type: text}`",
			"m.yml:15:9: the place module.sites[] does not set role\n  hint: add `set: {role: …}` to it",
		}},
		{"lake column", "path: module.title", "lake: content_hsh", []string{
			"m.yml:9:9: the lake has no column \"content_hsh\"\n  hint: did you mean content_hash?",
		}},
		{"lake type", "path: module.title", "lake: page", []string{"m.yml:9:9: page is integer in the lake, not text\n  hint: write `type: integer`"}},
		{"pattern", "'^N'", "'('", []string{"m.yml:2:47: \"(\" is no pattern: error parsing regexp: missing closing ): `(`\n  hint: the syntax is RE2's"}},
		{"two uses", "path: module.title", "path: module", []string{"m.yml:10:5: module is read as text and as object"}},
		{"case", "path: module.title", "path: Module.title", []string{
			"m.yml:10:5: the places Module and module differ only in case",
		}},
		{"all at once", "name: title, path: module.title, type: text", "name: Title, path: 'a b', typ: text", []string{
			"m.yml:9:9: type is missing\n  hint: add `type: …`",
			"m.yml:9:16: \"Title\" is no name for a name\n  hint: use lower case letters, digits and _, at most 63, a letter first",
			"m.yml:9:29: \"a b\" is no path\n  hint: write keys joined by dots, `a.b.c`, and [] at the end of a list, `a.b[]`",
			"m.yml:9:36: a column has no key \"typ\"\n  hint: did you mean type?",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(small, tt.old, tt.replacement, 1)
			if text == small {
				t.Fatalf("the mapping has no %q", tt.old)
			}
			_, err := flatten.ParseSpec("m.yml", []byte(text))
			var problems flatten.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("ParseSpec = %v, want Problems", err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseSpecNotYAML(t *testing.T) {
	t.Parallel()
	_, err := flatten.ParseSpec("m.yml", []byte("record: study\ntables: [a"))
	if err == nil || !strings.HasPrefix(err.Error(), "m.yml:3:1: not YAML: ") {
		t.Errorf("ParseSpec = %v, want a problem at the end of the text", err)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	spec := parseFile(t, "testdata/every_feature.yml")
	var got []string
	for _, table := range spec.Tables() {
		line := table.Name + "(" + strings.Join(table.Key, ",") + "):"
		for _, c := range table.Columns {
			line += " " + c.Name + " " + string(c.Type)
			if c.Nullable {
				line += "?"
			}
		}
		got = append(got, line)
	}
	want := []string{
		"visits(visit_id): visit_id text reason text weight double? pulse integer is_first boolean? codes text? page integer? fetched_at timestamp?",
		"people(visit_id,ordinal): visit_id text ordinal integer role text rank text person_name text languages text?",
		"notes(visit_id,ordinal): visit_id text ordinal integer note text?",
		"marks(visit_id,ordinal): visit_id text ordinal integer mark double?",
		"quarantine(extract_id,page,position): extract_id text page integer position integer visit_id text? reason text record text?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if got, want := spec.Root()+" "+spec.Identity(), "visits visit_id"; got != want {
		t.Errorf("root and identity %q, want %q", got, want)
	}
}

func TestTablesOfClinicalTrials(t *testing.T) {
	t.Parallel()
	spec := parseFile(t, "../../projects/clinical_trials/flatten.yml")
	var names []string
	for _, table := range spec.Tables() {
		names = append(names, table.Name)
		if c, ok := table.Column("nct_id"); !ok || c.Type != schema.Text {
			t.Errorf("%s has no text column nct_id", table.Name)
		}
	}
	want := []string{"studies", "study_sponsors", "study_conditions", "study_interventions", "study_sites", "quarantine"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestLineage(t *testing.T) {
	t.Parallel()
	spec := parseFile(t, "testdata/every_feature.yml")
	var got []string
	for _, o := range spec.Lineage() {
		got = append(got, strings.TrimSpace(o.Table+"."+o.Column+" "+strings.Join(o.Paths, " ")+" "+o.Lake))
	}
	want := []string{
		"visits.visit_id id",
		"visits.reason reason",
		"visits.weight vitals.weight",
		"visits.pulse vitals.pulse",
		"visits.is_first first",
		"visits.codes codes[]",
		"visits.page  page",
		"visits.fetched_at  fetched_at",
		"people.visit_id id",
		"people.ordinal",
		"people.role",
		"people.rank",
		"people.person_name doctor.name.full nurses[].name.full team.others[].name.full",
		"people.languages doctor.languages[] nurses[].languages[] team.others[].languages[]",
		"notes.visit_id id",
		"notes.ordinal",
		"notes.note notes[]",
		"marks.visit_id id",
		"marks.ordinal",
		"marks.mark marks[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lineage (-want +got):\n%s", diff)
	}
}

// A mapping that is accepted can be run; one that is not names a place.
func FuzzParseSpec(f *testing.F) {
	for _, path := range []string{"testdata/every_feature.yml", "../../projects/clinical_trials/flatten.yml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, text []byte) {
		spec, err := flatten.ParseSpec("m.yml", text)
		if err != nil {
			var problems flatten.Problems
			if !errors.As(err, &problems) || len(problems) == 0 || !strings.HasPrefix(err.Error(), "m.yml") {
				t.Fatalf("ParseSpec = %#v, want Problems with places", err)
			}
			return
		}
		batch := spec.Batch()
		spec.Flattener("x").Flatten(&flatten.Record{Body: []byte(`{"id": "N1"}`)}, batch)
		if quarantine := len(spec.Tables()) - 1; batch.Len(quarantine) != 1 || len(spec.Lineage()) == 0 {
			t.Fatal("a record that is not of the lake's identity was not quarantined")
		}
	})
}

func parseFile(t *testing.T, path string) *flatten.Spec {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := flatten.ParseSpec(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
