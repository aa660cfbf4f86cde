package dbt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestFeaturesAgainstRealDbt compares the whole manifest of a project that uses
// most features with dbt's own (see the archive's comment).
func TestFeaturesAgainstRealDbt(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/real/features.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := manifestOf(t, p, nil)
	var got []string
	for _, section := range []string{"nodes", "sources", "exposures", "metrics", "disabled", "parent_map", "child_map",
		"saved_queries", "semantic_models", "unit_tests", "macros"} {
		all := m[section].(map[string]any)
		for _, id := range sortedKeys(all) {
			if strings.HasPrefix(id, "macro.dbt") {
				continue
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(comparable(all[id], section)); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%s %s %s", section, id, strings.TrimSpace(b.String())))
		}
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
	want := strings.Split(strings.TrimSpace(string(a.Files[i].Data)), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-dbt +ours):\n%s", diff)
	}
}

// comparable leaves out what differs from run to run.
func comparable(v any, section string) any {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range []string{"created_at", "build_path", "root_path"} {
			delete(x, key)
		}
		if section == "unit_tests" {
			delete(x, "checksum")
		}
		for key, e := range x {
			x[key] = comparable(e, "")
		}
	case []any:
		for i, e := range x {
			x[i] = comparable(e, "")
		}
	}
	return v
}
