package conformance

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// The test program stands in for both commands.
func TestMain(m *testing.M) {
	if side := os.Getenv("CONFORMANCE_SIDE"); side != "" {
		if err := pretend(side); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// pretend leaves what a build leaves; the two differ in one tag.
func pretend(side string) error {
	tag := "of " + os.Args[1]
	if side == "alike" {
		tag = "of both"
	}
	manifest := `{"nodes":{"model.p.a":{"schema":"main","alias":"a","tags":["` + tag + `"]},"model.p.b":{"schema":"main","alias":"b"}}}`
	return errors.Join(
		os.MkdirAll("target", 0o755),
		os.WriteFile(filepath.Join("target", "manifest.json"), []byte(manifest), 0o644),
		os.WriteFile("runs", append(read("runs"), os.Args[1]+" "+os.Args[2]+"\n"...), 0o644),
	)
}

func read(file string) []byte {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return content
}

func TestRun(t *testing.T) {
	t.Parallel()
	sources, work := t.TempDir(), t.TempDir()
	file(t, sources, "o/p/sub/dbt_project.yml", "name: p\nprofile: shop\n")
	file(t, sources, "o/p/sub/.git/config", "")
	file(t, sources, "o/pack/dbt_project.yml", "name: pack\n")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	databases := &fakeDatabases{sides: map[string]*fakeDatabase{
		realDbt: {relations: [][]any{{"main", "a", "view", "id", "integer"}}, rows: [][]any{{int64(1)}, {int64(2)}}},
		ours:    {relations: [][]any{{"main", "a", "view", "id", "integer"}}, rows: [][]any{{int64(2)}, {nil}}},
	}}
	run := func(side string, reuse bool) *Report {
		t.Helper()
		report, err := Run(t.Context(), Target{
			Name: "p", Repository: "o/p", Folder: "sub", Steps: []string{"build"}, Schema: "main",
			Packages: map[string]string{"pack": "o/pack"}, Known: []Known{{About: "manifest", Field: "tags", Reason: "meant so"}},
		}, "duckdb", databases, Options{
			Sources: sources, Work: work, Dbt: []string{program, "dbt"}, Apotheca: []string{program, "apotheca"},
			Env: append(os.Environ(), "CONFORMANCE_SIDE="+side), Reuse: reuse, Log: io.Discard,
		})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	report := run("apart", false)
	want := []string{
		`manifest model.p.a tags ["of dbt"] -> ["of apotheca"]: meant so`,
		"table main.a rows: id 1 -> NULL: ",
	}
	var got []string
	for _, d := range report.Differences {
		got = append(got, d.About+" "+d.Node+" "+d.Field+" "+d.Dbt+" -> "+d.Ours+": "+d.Reason)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if report.Nodes != 2 || report.Equal != 1 || report.Relations != 1 || report.Rows != 2 {
		t.Errorf("%d nodes, %d equal, %d relations, %d rows, want 2, 1, 1, 2", report.Nodes, report.Equal, report.Relations, report.Rows)
	}
	left := filepath.Join(work, "p-duckdb", realDbt, "repository", "sub")
	if got, want := string(read(filepath.Join(left, "runs"))), "dbt build\n"; got != want {
		t.Errorf("real dbt ran %q, want %q", got, want)
	}
	for path, want := range map[string]bool{"dbt_packages/pack/dbt_project.yml": true, ".git": false} {
		if _, err := os.Stat(filepath.Join(left, filepath.FromSlash(path))); (err == nil) != want {
			t.Errorf("%s was copied: %v, want %v", path, err == nil, want)
		}
	}
	if again := run("alike", true); again.Differences[0].Dbt != `["of dbt"]` {
		t.Errorf("real dbt ran again: %+v", again.Differences)
	}
	if again := run("alike", false); len(again.Differences) != 1 {
		t.Errorf("differences that are gone are still there: %+v", again.Differences)
	}
}

func TestCompareDatabases(t *testing.T) {
	t.Parallel()
	table := func(name, kind string, columns ...string) [][]any {
		var rows [][]any
		for _, column := range columns {
			column, of, _ := strings.Cut(column, " ")
			rows = append(rows, []any{"main", name, kind, column, of})
		}
		return rows
	}
	one, pair := [][]any{{int64(1)}}, [][]any{{int64(1), "x"}}
	tests := []struct {
		name       string
		dbt, ours  *fakeDatabase
		volatile   []string
		want       []string
		wantedRows int64
	}{
		{"the same rows in another order", &fakeDatabase{relations: table("t", "base table", "a int", "b text"), rows: [][]any{{int64(1), "x"}, {int64(2), nil}}},
			&fakeDatabase{relations: table("t", "base table", "a int", "b text"), rows: [][]any{{int64(2), nil}, {int64(1), "x"}}}, nil, nil, 2},
		{"a row more", &fakeDatabase{relations: table("t", "base table", "a int", "b text"), rows: pair},
			&fakeDatabase{relations: table("t", "base table", "a int", "b text"), rows: [][]any{{int64(1), "x"}, {int64(1), "x"}}},
			nil, []string{"table main.t row count: 1 -> 2", "table main.t rows: a, b: — -> 1 | x"}, 1},
		{"a word that is no NULL", &fakeDatabase{relations: table("t", "base table", "a text"), rows: [][]any{{nil}}},
			&fakeDatabase{relations: table("t", "base table", "a text"), rows: [][]any{{"NULL"}}}, nil, []string{"table main.t rows: a: NULL -> NULL"}, 1},
		{"a column that changes with the clock", &fakeDatabase{relations: table("t", "base table", "b text"), rows: [][]any{{"now"}}},
			&fakeDatabase{relations: table("t", "base table", "b text"), rows: [][]any{{"then"}}}, []string{"*.t.b"}, nil, 0},
		{"another kind", &fakeDatabase{relations: table("t", "view", "a int"), rows: one}, &fakeDatabase{relations: table("t", "base table", "a int"), rows: one},
			nil, []string{"table main.t kind: view -> base table"}, 1},
		{"another type", &fakeDatabase{relations: table("t", "view", "a int"), rows: one}, &fakeDatabase{relations: table("t", "view", "a text"), rows: one},
			nil, []string{"table main.t columns: a int -> a text"}, 1},
		{"another column", &fakeDatabase{relations: table("t", "view", "a int")}, &fakeDatabase{relations: table("t", "view", "b int")},
			nil, []string{"table main.t columns: a int -> b int"}, 0},
		{"a table less", &fakeDatabase{relations: table("t", "view", "a int")}, &fakeDatabase{}, nil, []string{"table main.t exists: present -> —"}, 0},
		{"a view that only one can read", &fakeDatabase{relations: table("t", "view", "a int"), broken: errors.New("no such column")},
			&fakeDatabase{relations: table("t", "view", "a int"), rows: one}, nil, []string{"table main.t readable: no such column -> readable"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newComparison(t)
			c.target.Volatile = test.volatile
			if err := c.compareDatabases(t.Context(), test.dbt, test.ours); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, briefly(c)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if c.report.Rows != test.wantedRows {
				t.Errorf("%d rows compared, want %d", c.report.Rows, test.wantedRows)
			}
		})
	}
}

type fakeDatabases struct{ sides map[string]*fakeDatabase }

func (*fakeDatabases) Begin(context.Context, string) (map[string]any, error) {
	return map[string]any{"type": "duckdb"}, nil
}
func (*fakeDatabases) End(context.Context, string) error { return nil }
func (f *fakeDatabases) Open(_ context.Context, side, _ string) (warehouse.Warehouse, error) {
	return f.sides[side], nil
}
func (*fakeDatabases) Current(context.Context) (warehouse.Warehouse, error) {
	return nil, errors.New("nothing is to be set up")
}

// fakeDatabase answers the list of relations, and every other query with the
// same rows.
type fakeDatabase struct {
	relations, rows [][]any
	broken          error
}

func (f *fakeDatabase) Conn(context.Context) (warehouse.Conn, error) { return f, nil }
func (f *fakeDatabase) Dialect() warehouse.Dialect                   { return warehouse.Dialect{} }
func (f *fakeDatabase) Close() error                                 { return nil }

func (f *fakeDatabase) Query(_ context.Context, sql string, _ ...any) (*warehouse.Rows, error) {
	rows := f.rows
	if strings.Contains(sql, "information_schema") {
		rows = f.relations
	} else if f.broken != nil {
		return nil, f.broken
	}
	return warehouse.NewRows(nil, func() ([]any, error) {
		if len(rows) == 0 {
			return nil, nil
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	}, func() error { return nil }), nil
}

func (*fakeDatabase) Exec(context.Context, string, ...any) (warehouse.Result, error) {
	return warehouse.Result{}, errors.New("a comparison changes nothing")
}

func (*fakeDatabase) Load(context.Context, warehouse.Relation, []schema.Column, iter.Seq2[[]any, error]) (int64, error) {
	return 0, errors.New("a comparison loads nothing")
}

func (*fakeDatabase) Transact(context.Context, func(context.Context) error) error {
	return errors.New("a comparison changes nothing")
}
