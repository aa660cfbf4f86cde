package dbt_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata")

// TestCompile loads every project of testdata/compile and compares what it
// holds with the archive's `want` section.
func TestCompile(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/compile/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata/compile: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			checkArchive(t, name)
		})
	}
}

func checkArchive(t *testing.T, name string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
	if i < 0 {
		t.Fatal("the archive has no `want` section")
	}
	got := describe(t, a)
	if *update {
		a.Files[i].Data = []byte(got)
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(a.Files[i].Data), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func load(t *testing.T, a *txtar.Archive, change func(*dbt.Options)) (*dbt.Project, error) {
	t.Helper()
	fsys, err := txtar.FS(a)
	if err != nil {
		t.Fatal(err)
	}
	o := dbt.Options{FS: fsys, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), InvocationID: "test"}
	if change != nil {
		change(&o)
	}
	return dbt.Load(o)
}

// describe is a project as text: warnings, then every node with its SQL; or
// what is wrong with it.
func describe(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	p, err := load(t, a, nil)
	if err != nil {
		return "error:\n" + err.Error() + "\n"
	}
	var b strings.Builder
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %v\n", w)
	}
	ids := make([]string, 0, len(p.Nodes))
	for id := range p.Nodes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		n := p.Nodes[id]
		fmt.Fprintf(&b, "== %s\n", id)
		fmt.Fprintf(&b, "relation %s\n", n.RelationName)
		fmt.Fprintf(&b, "needs %s\n", strings.Join(n.DependsOn.Nodes, " "))
		c, err := p.Compile(context.Background(), n, scripted{})
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		b.WriteString(strings.TrimRight(c.Code, "\n") + "\n")
	}
	return b.String()
}

// scripted is a database that answers every query with the number 4 and knows
// one relation, `seen`.
type scripted struct{}

func (scripted) Query(context.Context, string) (*dbt.Table, error) {
	return &dbt.Table{
		Columns: []dbt.Column{{Name: "n", DataType: "BIGINT"}}, Rows: [][]any{{int64(4)}}, Response: dbt.Response{Message: "SELECT 1"},
	}, nil
}

func (s scripted) Execute(ctx context.Context, statement dbt.Statement) (*dbt.Table, error) {
	return s.Query(ctx, statement.SQL)
}

func (scripted) Step(context.Context, *dbt.Templates, string, []any) (any, error) { return nil, nil }

func (scripted) Relation(_ context.Context, database, schema, identifier string) (dbt.Relation, bool, error) {
	if identifier != "seen" {
		return dbt.Relation{}, false, nil
	}
	return dbt.Relation{Database: database, Schema: schema, Identifier: identifier, Type: dbt.TableRelation}, true, nil
}

func (scripted) Relations(context.Context, string, string) ([]dbt.Relation, bool, error) {
	return nil, false, nil
}

func (scripted) Changed(string, string) {}

func (scripted) Columns(_ context.Context, r dbt.Relation) ([]dbt.Column, error) {
	return []dbt.Column{{Name: "id", DataType: "BIGINT"}, {Name: "name", DataType: "VARCHAR"}, {Name: "price", DataType: "DECIMAL(18,2)"}}, nil
}
