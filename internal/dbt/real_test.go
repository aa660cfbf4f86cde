package dbt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

// TestAgainstRealDbt compares a project that uses most features with what dbt
// itself made of it (see the archive's comment).
func TestAgainstRealDbt(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/real/everything.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
	m := manifestOf(t, p, compileAll(t, p))
	if diff := cmp.Diff(string(a.Files[i].Data), summary(m)); diff != "" {
		t.Errorf("(-dbt +ours):\n%s", diff)
	}
	var disabled strings.Builder
	for _, id := range sortedKeys(m["disabled"].(map[string]any)) {
		disabled.WriteString(id + "\n")
	}
	if diff := cmp.Diff(string(a.Files[i+1].Data), disabled.String()); diff != "" {
		t.Errorf("disabled (-dbt +ours):\n%s", diff)
	}
}

// one answers the project's single query, `select 1 as n`.
type one struct{ scripted }

func (one) Query(context.Context, string) (*dbt.Table, error) {
	return &dbt.Table{Columns: []dbt.Column{{Name: "n", DataType: "INTEGER"}}, Rows: [][]any{{int64(1)}}}, nil
}

func (o one) Execute(ctx context.Context, s dbt.Statement) (*dbt.Table, error) {
	return o.Query(ctx, s.SQL)
}

func compileAll(t *testing.T, p *dbt.Project) map[string]*dbt.Compiled {
	t.Helper()
	compiled := map[string]*dbt.Compiled{}
	for id, n := range p.Nodes {
		c, err := p.Compile(context.Background(), n, one{})
		if err != nil {
			t.Errorf("Compile(%s): %v", id, err)
			continue
		}
		compiled[id] = c
	}
	return compiled
}

func manifestOf(t *testing.T, p *dbt.Project, compiled map[string]*dbt.Compiled) map[string]any {
	t.Helper()
	var b bytes.Buffer
	if err := p.WriteManifest(&b, compiled); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// summary writes the parts of a manifest that the archives compare.
func summary(m map[string]any) string {
	var b strings.Builder
	join := func(v any) string {
		var parts []string
		list, _ := v.([]any)
		for _, e := range list {
			parts = append(parts, fmt.Sprint(e))
		}
		return strings.Join(parts, " ")
	}
	or := func(v any, missing string) any {
		if v == nil {
			return missing
		}
		return v
	}
	for _, section := range []string{"nodes", "sources"} {
		all := m[section].(map[string]any)
		for _, id := range sortedKeys(all) {
			n := all[id].(map[string]any)
			config := n["config"].(map[string]any)
			if config["enabled"] == false {
				continue
			}
			fmt.Fprintf(&b, "== %s\nrelation %v\nfqn %s\n", id, or(n["relation_name"], "None"), join(n["fqn"]))
			if section == "nodes" {
				depends := n["depends_on"].(map[string]any)
				fmt.Fprintf(&b, "alias %v schema %v\n", n["alias"], n["schema"])
				fmt.Fprintf(&b, "needs %s\nmacros %s\n", join(depends["nodes"]), join(depends["macros"]))
				fmt.Fprintf(&b, "materialized %v unique_key %s severity %v\n", config["materialized"], pythonJSON(config["unique_key"]), or(config["severity"], ""))
				fmt.Fprintf(&b, "meta %s\n", pythonJSON(config["meta"]))
				code, _ := n["compiled_code"].(string)
				fmt.Fprintf(&b, "code %s\n", strings.Join(strings.Fields(code), " "))
			}
			fmt.Fprintf(&b, "tags %s\n", join(n["tags"]))
		}
	}
	return b.String()
}

// pythonJSON is JSON with Python's spaces.
func pythonJSON(v any) string {
	out, _ := json.Marshal(v)
	return strings.NewReplacer(":", ": ", ",", ", ").Replace(string(out))
}

// TestManifestIsValid checks the manifest against dbt's own schema.
func TestManifestIsValid(t *testing.T) {
	t.Parallel()
	const schema = "../../../shared/data/dbt-schemas/manifest-v12.json"
	data, err := os.Open(schema)
	if err != nil {
		t.Skipf("SKIPPED, the manifest is NOT checked: dbt's schema is not at %s", schema)
	}
	defer data.Close()
	doc, err := jsonschema.UnmarshalJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := txtar.ParseFile("testdata/real/everything.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.WriteManifest(&b, compileAll(t, p)); err != nil {
		t.Fatal(err)
	}
	manifest, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(manifest); err != nil {
		t.Errorf("the manifest breaks dbt's schema:\n%v", err)
	}
}
