package dbt_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

var updateSnowflake = flag.Bool("update-snowflake", false, "rewrite the Snowflake section of testdata/real/crossdb.txtar")

// TestCrossDatabaseMacros compares every cross-database macro with what real
// dbt made of it, per adapter.
func TestCrossDatabaseMacros(t *testing.T) {
	t.Parallel()
	const name = "testdata/real/crossdb.txtar"
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range a.Files {
		adapter, ok := strings.CutPrefix(f.Name, "want.")
		if !ok {
			continue
		}
		p, err := load(t, a, func(o *dbt.Options) { o.Target = adapter })
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Compile(t.Context(), p.Nodes["model.xdb.m"], scripted{})
		if err != nil {
			t.Fatalf("%s: %v", adapter, err)
		}
		got := oneMacroALine(c.Code)
		if adapter == "snowflake" && *updateSnowflake {
			a.Files[i].Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(a.Files[i].Data), got); diff != "" {
			t.Errorf("%s (-dbt +ours):\n%s", adapter, diff)
		}
	}
}

// TestEqualNulls has a project ask for an equals() under which nulls are equal.
func TestEqualNulls(t *testing.T) {
	t.Parallel()
	a := txtar.Parse([]byte(`
-- dbt_project.yml --
name: xdb
profile: xdb
flags: {enable_truthy_nulls_equals_macro: true}
-- profiles.yml --
xdb:
  target: duckdb
  outputs:
    duckdb: {type: duckdb}
    postgres: {type: postgres, dbname: db, schema: s}
    snowflake: {type: snowflake, database: db, schema: s}
-- models/m.sql --
{{ dbt.equals('a', 'b') }}
`))
	for adapter, want := range map[string]string{
		"duckdb":    "case when ((a = b) or (a is null and b is null)) then 0 else 1 end = 0\n",
		"postgres":  "(a is not distinct from b)\n",
		"snowflake": "(a is not distinct from b)\n",
	} {
		p, err := load(t, a, func(o *dbt.Options) { o.Target = adapter })
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Compile(t.Context(), p.Nodes["model.xdb.m"], scripted{})
		if err != nil {
			t.Fatalf("%s: %v", adapter, err)
		}
		if got := oneMacroALine(c.Code); got != want {
			t.Errorf("%s: got %s, want %s", adapter, got, want)
		}
	}
}

var (
	spaces    = regexp.MustCompile(`\s+`)
	macroLine = regexp.MustCompile(`\] (\d+[a-z]? \[)`)
)

func oneMacroALine(sql string) string {
	return macroLine.ReplaceAllString(strings.TrimSpace(spaces.ReplaceAllString(sql, " ")), "]\n$1") + "\n"
}
