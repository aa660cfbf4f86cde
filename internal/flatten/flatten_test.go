package flatten_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/flatten"
)

// Two children, so that every path of the scanner is met: an object on the
// way, texts, a joined list, rows of objects and rows of texts.
const texts = `record: study
identity: {column: nct_id, path: id}
tables:
  - name: studies
    each: study
    grain: one row per study
    key: [nct_id]
    columns:
      - {name: title, path: a.title, type: text}
      - {name: tags, path: 'a.tags[]', type: text, join: '/'}
      - {name: size, path: a.size, type: integer}
      - {name: weight, path: a.weight, type: double}
  - name: sites
    each: [{path: 'a.sites[]'}]
    grain: one row per site
    key: [nct_id, ordinal]
    columns:
      - {name: city, path: city, type: text}
  - name: notes
    each: [{path: 'notes[]'}]
    grain: one row per note
    key: [nct_id, ordinal]
    columns:
      - {name: note, path: ., type: text}
`

func textsSpec(t testing.TB) *flatten.Spec {
	t.Helper()
	spec, err := flatten.ParseSpec("texts.yml", []byte(texts))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// flattened gives the rows of all tables of one record, by name.
func flattened(spec *flatten.Spec, body string) map[string][][]any {
	batch := spec.Batch()
	spec.Flattener("extract-1").Flatten(&flatten.Record{Identity: "N1", Page: 3, Position: 4, Body: []byte(body)}, batch)
	tables := map[string][][]any{}
	for i, t := range spec.Tables() {
		for row := range batch.Rows(i) {
			tables[t.Name] = append(tables[t.Name], row)
		}
	}
	return tables
}

func TestFlattenTexts(t *testing.T) {
	t.Parallel()
	title := func(v any) map[string][][]any {
		return map[string][][]any{"studies": {{"N1", v, nil, nil, nil}}}
	}
	rejected := func(reason string) map[string][][]any {
		return map[string][][]any{"quarantine": {{"extract-1", int64(3), int64(4), "N1", reason, nil}}}
	}
	const notJSON = "the study: wants JSON, found text that does not parse"
	tests := []struct {
		name, body string
		want       map[string][][]any
	}{
		{"escapes", `{"id": "N1", "a": {"title": "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"}}`, title("\"\\/\b\f\n\r\té😀é😀")},
		{"escaped key", `{"\u0069d": "N1", "a": {"t\u0069tle": "x"}}`, title("x")},
		{"first of equal keys", `{"id": "N1", "a": {"title": "x", "title": 5}, "id": "N2", "a": 7}`, title("x")},
		{"white space", " {\t\"id\" :\r\n\"N1\" , \"a\" : { \"title\" : \"x\" } } \n", title("x")},
		{"keys in another order", `{"notes": [ ], "a": {"sites": [ { } ], "tags": [ ], "title": "x"}, "id": "N1"}`, title("x")},
		{
			"rows", `{"id": "N1", "a": {"tags": ["a\n", "b"], "sites": [{"city": "x"}, {}, {"other": [{"city": "z"}]}, {"city": "y"}]}, "notes": ["p", "q"]}`,
			map[string][][]any{
				"studies": {{"N1", nil, "a\n/b", nil, nil}},
				"sites":   {{"N1", int64(1), "x"}, {"N1", int64(2), nil}, {"N1", int64(3), "y"}},
				"notes":   {{"N1", int64(1), "p"}, {"N1", int64(2), "q"}},
			},
		},
		{"negative zero", `{"id": "N1", "a": {"size": -0, "weight": -0.0}}`, map[string][][]any{"studies": {{"N1", nil, nil, int64(0), 0.0}}}},
		{"half a pair in a key that nobody reads", `{"id": "N1", "\udc00": 1}`, rejected(notJSON)},
		{"half a pair and an escape", `{"id": "N1", "a": {"title": "\ud800\n"}}`, rejected(notJSON)},
		{"an escape that JSON has not", `{"id": "N1", "x": "\q"}`, rejected(notJSON)},
		{"a control character", "{\"id\": \"N1\", \"x\": \"a\nb\"}", rejected(notJSON)},
		{"text that is not UTF-8", "{\"id\": \"N1\", \"x\": \"\xff\"}", rejected(notJSON)},
		{"a trailing comma", `{"id": "N1", "x": [1,]}`, rejected(notJSON)},
		{"a leading zero", `{"id": "N1", "x": 01}`, rejected(notJSON)},
		{"not a number", `{"id": "N1", "x": NaN}`, rejected(notJSON)},
		{"something behind it", `{"id": "N1"} x`, rejected(notJSON)},
		{"nothing", ``, rejected(notJSON)},
		{"too deep", `{"id": "N1", "x": ` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, rejected(notJSON)},
		{"null", `null`, rejected("the record: wants an object, found null")},
		{"a bad note after good sites", `{"id": "N1", "a": {"sites": [{"city": "x"}]}, "notes": ["p", 1]}`, rejected("notes[1]: wants text, found a number")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, row := range tt.want["quarantine"] {
				row[5] = tt.body
			}
			got := flattened(textsSpec(t), tt.body)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%.200s (-want +got):\n%s", tt.body, diff)
			}
		})
	}
}

// A rejected record leaves nothing between the rows of its neighbours.
func TestFlattenRejectsWhole(t *testing.T) {
	t.Parallel()
	spec := textsSpec(t)
	flattener, batch := spec.Flattener("extract-1"), spec.Batch()
	for i, note := range []string{`"p"`, `"p", 1`, `"q"`} {
		flattener.Flatten(&flatten.Record{
			Identity: "N1", Position: int64(i), Body: fmt.Appendf(nil, `{"id": "N1", "a": {"sites": [{"city": "x"}]}, "notes": [%s]}`, note),
		}, batch)
	}
	var got []int
	for i := range spec.Tables() {
		got = append(got, batch.Len(i))
	}
	if diff := cmp.Diff([]int{2, 2, 2, 1}, got); diff != "" {
		t.Errorf("rows of studies, sites, notes and quarantine (-want +got):\n%s", diff)
	}
}

// What the scanner takes for JSON is what encoding/json takes for it, save half
// pairs of surrogates, which are no text.
func FuzzFlatten(f *testing.F) {
	for _, seed := range []string{
		`{"id": "N1", "a": {"title": "\ud83d\ude00\n", "tags": ["x"], "size": 1, "weight": 1e3, "sites": [{"city": "y"}]}, "notes": ["n"]}`,
		`{"id": "N1", "a": [1, -0.5e+7, true, false, null, {}, []]}`, `[]`, `{"id": "N1", "a": {"title": "\u0000"}}`,
	} {
		f.Add(seed)
	}
	spec := textsSpec(f)
	f.Fuzz(func(t *testing.T, body string) {
		tables := flattened(spec, body)
		rows, rejected := tables["studies"], tables["quarantine"]
		if len(rows)+len(rejected) != 1 {
			t.Fatalf("%d rows and %d in quarantine, want one", len(rows), len(rejected))
		}
		valid := json.Valid([]byte(body)) && utf8.ValidString(body)
		if len(rows) == 1 {
			if !valid {
				t.Fatalf("accepted %q, which is not JSON", body)
			}
			return
		}
		parses := !strings.HasSuffix(rejected[0][4].(string), "found text that does not parse")
		if parses != valid && !strings.Contains(strings.ToLower(body), `\ud`) {
			t.Fatalf("%q: parses %v, but encoding/json says %v", body, parses, valid)
		}
	})
}
