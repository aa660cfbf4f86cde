// Package apotheca_test holds the policy of the repository as a whole.
package apotheca_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is policy: what each package may import of this module. A package
// that is not listed fails the test. Change a line only together with the
// table in ARCHITECTURE.md, never to make a build pass.
var imports = map[string][]string{
	"projects":          {},
	"internal/schema":   {},
	"internal/graph":    {},
	"internal/jinja":    {},
	"internal/source":   {},
	"internal/registry": {},
	"internal/activity": {},
	"internal/timing":   {},
	"internal/lineage":  {},

	"internal/spelling":    {},
	"internal/strictyaml":  {"internal/spelling"},
	"internal/columnar":    {"internal/schema"},
	"internal/csvfile":     {"internal/columnar", "internal/schema", "internal/spelling"},
	"internal/declaration": {"internal/columnar", "internal/csvfile", "internal/schema", "internal/strictyaml"},

	"internal/lake":      {"internal/columnar", "internal/schema"},
	"internal/flatten":   {"internal/schema", "internal/strictyaml"},
	"internal/warehouse": {"internal/schema"},

	"internal/warehouse/duckdb":        {"internal/schema", "internal/warehouse"},
	"internal/warehouse/postgres":      {"internal/schema", "internal/warehouse"},
	"internal/warehouse/postgrestest":  {"internal/warehouse/postgres"},
	"internal/warehouse/warehousetest": {"internal/schema", "internal/warehouse"},

	"internal/deps":        {"internal/dbt"},
	"internal/dbt":         {"internal/graph", "internal/jinja", "internal/lineage", "internal/schema", "internal/spelling"},
	"internal/dbt/dbttest": {},

	"internal/build": {"internal/dbt", "internal/graph", "internal/jinja", "internal/schema", "internal/warehouse"},

	"internal/conformance": {"internal/warehouse"},

	"internal/pipeline": {
		"internal/build", "internal/columnar", "internal/csvfile", "internal/dbt", "internal/flatten", "internal/graph",
		"internal/lake", "internal/schema", "internal/source", "internal/warehouse",
	},
	"internal/doctor": {"internal/csvfile", "internal/dbt", "internal/pipeline", "internal/warehouse"},
}

// anything may be imported by these: they wire, or test what is wired.
var wiring = []string{"cmd/activity-bench", "cmd/apotheca", "cmd/dbt-bench", "cmd/dbt-conformance"}

// owners names the one package that may import a heavy or delicate dependency.
var owners = map[string]string{
	"github.com/duckdb/duckdb-go/v2":         "internal/warehouse/duckdb",
	"github.com/jackc/pgx/v5/pgconn":         "internal/warehouse/postgres",
	"github.com/parquet-go/parquet-go":       "internal/lake",
	"github.com/spf13/cobra":                 "cmd/apotheca",
	"github.com/duckdb/duckdb-go-bindings":   "internal/warehouse/duckdb",
	"github.com/duckdb/duckdb-go/v2/mapping": "internal/warehouse/duckdb",
}

type listed struct {
	ImportPath string
	Name       string
	Doc        string
	Module     struct{ Path string }
	Imports    []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, p.Module.Path+"/")
		if path == p.Module.Path || slices.Contains(wiring, path) {
			continue
		}
		allowed, known := imports[path]
		if !known {
			t.Errorf("package %s is not in the import policy; give it a line here and in ARCHITECTURE.md", path)
			continue
		}
		for _, imported := range p.Imports {
			if owner, ok := owners[imported]; ok && owner != path {
				t.Errorf("%s must not import %s: only %s may", path, imported, owner)
			}
			local, ours := strings.CutPrefix(imported, p.Module.Path+"/")
			if ours && !slices.Contains(allowed, local) {
				t.Errorf("%s must not import %s", path, local)
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.Doc == "" && p.ImportPath != p.Module.Path {
			t.Errorf("package %s has no package comment; say in doc.go what it owns and what it refuses", p.ImportPath)
		}
	}
}

// What the project stands on is listed with its reason, or it goes.
func TestEveryDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	architecture, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		if !strings.Contains(string(architecture), "| "+path+" |") {
			t.Errorf("%s has no line under Dependencies in ARCHITECTURE.md; say what it is for", path)
		}
	}
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Name,Doc,Module,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		all = append(all, p)
	}
}
