package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
	"apotheca/internal/warehouse/postgres"
)

// place is where a test runs the pipeline: a data folder and a warehouse.
type place struct {
	dir      string
	postgres *postgres.Options // nil: DuckDB, in the folder
}

// inDuckDB is a place in an empty folder.
func inDuckDB(t *testing.T) place { return place{dir: t.TempDir()} }

// inPostgres is a place in an empty folder and an empty database.
func inPostgres(t *testing.T) place {
	o := server.Database(t)
	return place{dir: t.TempDir(), postgres: &o}
}

// eachWarehouse runs a test in both warehouses.
func eachWarehouse(t *testing.T, test func(t *testing.T, fresh func(*testing.T) place)) {
	for name, fresh := range map[string]func(*testing.T) place{"duckdb": inDuckDB, "postgres": inPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh)
		})
	}
}

// app is the program as it is used in the place.
func (p place) app(out, errs *strings.Builder) *app {
	a := newApp(out, errs)
	if p.postgres != nil {
		env := variables(*p.postgres)
		a.env = func(name string) (string, bool) {
			if value, ok := env[name]; ok {
				return value, true
			}
			return os.LookupEnv(name)
		}
	}
	return a
}

// flags lead a command to the place.
func (p place) flags() []string {
	flags := []string{"--dir", p.dir}
	if p.postgres != nil {
		flags = append(flags, "--target", "postgres")
	}
	return flags
}

func (p place) run(ctx context.Context, command string, flags ...string) (code int, out, errs string) {
	return p.runPipeline(ctx, command, clinicalTrials, flags...)
}

// runPipeline runs a command of any pipeline, by its name or its folder.
func (p place) runPipeline(ctx context.Context, command, word string, flags ...string) (code int, out, errs string) {
	var o, e strings.Builder
	args := append([]string{command, word}, append(p.flags(), flags...)...)
	code = p.app(&o, &e).run(ctx, args)
	return code, o.String(), e.String()
}

func (p place) mustRun(t *testing.T, command string, flags ...string) string {
	t.Helper()
	code, out, errs := p.run(t.Context(), command, flags...)
	if code != exitOK {
		t.Fatalf("%s %s: exit %d\n%s\n%s", command, strings.Join(flags, " "), code, out, errs)
	}
	return out
}

// runGreen runs the pipeline for a day.
func (p place) runGreen(t *testing.T, url, runDate string) {
	t.Helper()
	p.mustRun(t, "run", "--base-url", url, "--rate", "0", "--page-size", "100", "--run-date", runDate)
}

// open opens the warehouse, for what the program does not show.
func (p place) open(t *testing.T) warehouse.Warehouse {
	t.Helper()
	var w warehouse.Warehouse
	var err error
	if p.postgres != nil {
		w, err = postgres.Open(t.Context(), *p.postgres)
	} else {
		w, err = duckdb.Open(t.Context(), duckdb.Options{Path: filepath.Join(p.dir, "warehouse.duckdb"), ReadOnly: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// fetch returns what a query finds.
func (p place) fetch(t *testing.T, sql string) [][]any {
	t.Helper()
	w := p.open(t)
	defer w.Close()
	return fetch(t, w, sql)
}

func fetch(t *testing.T, w warehouse.Warehouse, sql string, args ...any) [][]any {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	table, err := warehouse.Fetch(t.Context(), conn, -1, sql, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return table.Rows
}

// tables are all tables and views of the given schemas, every row as text with
// the types of its values, sorted.
func (p place) tables(t *testing.T, schemas ...string) map[string][]string {
	t.Helper()
	w := p.open(t)
	defer w.Close()
	tables := map[string][]string{}
	for _, schema := range schemas {
		relations := fetch(t, w, "select table_name from information_schema.tables where table_schema = "+w.Dialect().Placeholder(1), schema)
		for _, relation := range relations {
			name := warehouse.Relation{Schema: schema, Name: relation[0].(string)}
			tables[schema+"."+name.Name] = printed(fetch(t, w, "select * from "+w.Dialect().QuoteRelation(name)))
		}
	}
	return tables
}
