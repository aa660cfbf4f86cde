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

var (
	spaces    = regexp.MustCompile(`\s+`)
	macroLine = regexp.MustCompile(`\] (\d+[a-z]? \[)`)
)

func oneMacroALine(sql string) string {
	return macroLine.ReplaceAllString(strings.TrimSpace(spaces.ReplaceAllString(sql, " ")), "]\n$1") + "\n"
}
