package dbt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestMacroCallsLikeDbt holds what the manifest says of macros, and of tests
// that are switched off, to what real dbt says (see the archive's comment).
func TestMacroCallsLikeDbt(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/real/macrocalls.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := manifestOf(t, p, nil)
	var got []string
	macros := m["macros"].(map[string]any)
	for _, id := range sortedKeys(macros) {
		if !strings.HasPrefix(id, "macro.shop.") {
			continue
		}
		macro := macros[id].(map[string]any)
		line := id + ":"
		for _, called := range macro["depends_on"].(map[string]any)["macros"].([]any) {
			line += " " + called.(string)
		}
		var names []string
		for _, argument := range macro["arguments"].([]any) {
			names = append(names, argument.(map[string]any)["name"].(string))
		}
		got = append(got, line+" ("+strings.Join(names, " ")+")")
	}
	attached := func(section, id string, node any) {
		if strings.HasPrefix(id, "test.") {
			got = append(got, fmt.Sprintf("%s %s: %v", section, id, node.(map[string]any)["attached_node"]))
		}
	}
	nodes, disabled := m["nodes"].(map[string]any), m["disabled"].(map[string]any)
	for _, id := range sortedKeys(nodes) {
		attached("nodes", id, nodes[id])
	}
	for _, id := range sortedKeys(disabled) {
		attached("disabled", id, disabled[id].([]any)[0])
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
	want := strings.Split(strings.TrimSpace(string(a.Files[i].Data)), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-dbt +ours):\n%s", diff)
	}
}
