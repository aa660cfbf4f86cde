package declaration_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apotheca/internal/declaration"
	"apotheca/internal/strictyaml"
)

// What ships is read without a mistake.
func TestBuiltIn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"clinical_trials", "patient_activity"} {
		path := filepath.Join("..", "..", "projects", name, declaration.File)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := declaration.Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.Name, strings.ReplaceAll(name, "_", "-"); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}

const small = `name: shop
source: csv
schema: raw
tables:
  - name: orders
    key: [id]
    watermark: changed_at
    columns:
      - {name: id, type: integer, required: true}
      - {name: total, type: 'decimal(10,2)'}
      - {name: changed_at, type: timestamp, required: true, utc: true}
  - name: lines
    columns:
      - {name: order_id, type: integer, references: orders.id}
`

func TestMistakesHaveLineAndHint(t *testing.T) {
	t.Parallel()
	if _, err := declaration.Parse("p.yml", []byte(small)); err != nil {
		t.Fatalf("the small declaration: %v", err)
	}
	tests := []struct{ old, new, want string }{
		{"name: shop\n", "name: Shop\n", `p.yml:1:7: "Shop" is no name`},
		{"source: csv", "source: excel", `p.yml:2:9: source cannot be "excel"`},
		{"source: csv", "source: csv\nmapping: f.yml", "p.yml:3:10: mapping is for pipelines of source clinicaltrials.gov"},
		{"source: csv", "source: clinicaltrials.gov", "mapping is missing"},
		{"schema: raw\n", "", "schema is missing"},
		{"schema: raw\n", "shema: raw\n", "did you mean schema?"},
		{"type: integer, required: true", "type: int, required: true", `p.yml:9:26: "int" is no type`},
		{"key: [id]", "key: [ident]", `the key of orders names "ident"`},
		{"key: [id]", "key: [total]", "orders.total is of the key, and may be empty"},
		{"    key: [id]\n", "", "a table with a watermark needs a key"},
		{"watermark: changed_at", "watermark: total", "no required timestamp, date or integer"},
		{"utc: true", "utc: yes", "utc must be true or false"},
		{"{name: total,", "{name: total, offset: x,", "offset is for columns of type timestamp"},
		{"references: orders.id", "references: orders", "references names a table and a column"},
		{"references: orders.id", "references: order.id", `"order", which is not declared`},
		{"references: orders.id", "references: orders.total", "is not the key of orders"},
		{"name: order_id, type: integer", "name: order_id, type: text", "order_id is text, and orders.id is integer"},
		{"schema: raw\n", "schema: raw\nload: new\n", ""},
		{"name: total", "name: _nth", `"_nth" is no name`},
		{"name: lines", "name: quarantine", "makes a table quarantine by itself"},
		{"name: lines", "name: orders", "declared twice"},
		{"name: total", "name: id", "orders has two columns id"},
		{"name: total,", "name: total, header: ID,", "two columns of orders are read from id"},
		{"    key: [id]\n", "    key: [id]\n    delimiter: ab\n", `"ab" cannot stand between fields`},
	}
	for _, tt := range tests {
		text := strings.Replace(small, tt.old, tt.new, 1)
		_, err := declaration.Parse("p.yml", []byte(text))
		var problems strictyaml.Problems
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q for %q: %v, want no mistake", tt.new, tt.old, err)
			}
			continue
		}
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q for %q: %v, want %s", tt.new, tt.old, err, tt.want)
		}
	}
}

// Nothing tells what is new where no table has a watermark.
func TestLoadNewNeedsAWatermark(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("    watermark: changed_at\n", "", "schema: raw\n", "schema: raw\nload: new\n").Replace(small)
	if _, err := declaration.Parse("p.yml", []byte(text)); err == nil || !strings.Contains(err.Error(), "p.yml:4:7: no table has a watermark") {
		t.Errorf("%v, want it refused", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = declaration.Parse("p.yml", []byte(text)) })
}
