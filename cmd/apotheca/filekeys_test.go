package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rows of one key are found wherever they stand: in one file or in several,
// beside files whose keys nobody else has.
func TestKeysOfSeveralFiles(t *testing.T) {
	t.Parallel()
	const declaration = `name: things
source: csv
schema: raw
on_bad_row: quarantine
tables:
  - name: things
    files: [a.csv, b.csv, c.csv]
    key: [id]
    columns: [{name: id, type: integer, required: true}, {name: v, type: integer}]
`
	for _, test := range []struct {
		name  string
		files [3]string // rows as id:v
		rows  int64
		want  []string
	}{
		{"in order", [3]string{"1:1 2:1 3:1", "4:1 5:1", "6:1"}, 6, nil},
		{"files in another order", [3]string{"4:1 5:1", "6:1", "1:1 2:1 3:1"}, 6, nil},
		{"not in order, and unique", [3]string{"3:1 1:1 2:1", "4:1 5:1", "9:1 8:1"}, 7, nil},
		{"twice in one file", [3]string{"1:1 2:1 3:1", "4:1 5:1 4:2", "6:1"}, 6, []string{"b.csv:4"}},
		{"in the first and the last", [3]string{"1:1 9:1", "2:1 3:1", "8:1 9:2"}, 5, []string{"c.csv:3"}},
		{"end of one and start of the next", [3]string{"1:1 2:1", "2:2 3:1", "4:1"}, 4, []string{"b.csv:2"}},
		{"equal rows", [3]string{"1:1 2:1", "2:1 3:1", "3:1"}, 3, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
				p, dir := fresh(t), folderPipeline(t, declaration, nil)
				for i, name := range []string{"a.csv", "b.csv", "c.csv"} {
					text := strings.NewReplacer(":", ",", " ", "\n").Replace("id:v " + test.files[i] + " ")
					writeText(t, filepath.Join(dir, name), text)
				}
				for _, stage := range []string{"extract", "load"} {
					if code, out, errs := p.runPipeline(t.Context(), stage, dir); code != exitOK {
						t.Fatalf("%s: exit %d\n%s\n%s", stage, code, out, errs)
					}
				}
				var got []string
				for _, row := range p.fetch(t, "select file, line from raw.quarantine order by 1, 2") {
					got = append(got, fmt.Sprintf("%s:%d", filepath.Base(row[0].(string)), row[1]))
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("quarantine (-want +got):\n%s", diff)
				}
				if rows := p.fetch(t, "select count(*), count(distinct id) from raw.things")[0]; rows[0] != test.rows || rows[1] != test.rows {
					t.Errorf("rows and keys: %v, want %d of each", rows, test.rows)
				}
			})
		})
	}
}
