package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestOneTaskAModel runs the project as schedulers do that make a task of each
// model: a list of the nodes, then one run and one test a model in the order of
// what depends on what. The tables are those of one build.
func TestOneTaskAModel(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p := fresh(t)
		project := activityProject(t, p)
		want := p.tables(t, "transform", "analysis")
		for _, model := range inOrderOfNeeds(t, p, project) {
			for _, command := range []string{"run", "test"} {
				code, said := p.dbt(t, project, command, "--select", model)
				if code != exitOK || !strings.Contains(said, "ERROR=0") || strings.Contains(said, "TOTAL=0") {
					t.Fatalf("dbt %s --select %s: exit %d\n%s", command, model, code, said)
				}
			}
		}
		got := p.tables(t, "transform", "analysis")
		if len(got) != len(want) {
			t.Errorf("%d tables, want %d", len(got), len(want))
		}
		for name, rows := range want {
			compareRows(t, name, rows, got[name])
		}
	})
}

// inOrderOfNeeds reads the models off `dbt ls`, each behind those it reads.
func inOrderOfNeeds(t *testing.T, p place, project string) []string {
	t.Helper()
	code, out := p.dbt(t, project, "ls", "--quiet", "--resource-type", "model", "--output", "json", "--output-keys", "name unique_id depends_on")
	if code != exitOK {
		t.Fatalf("dbt ls: exit %d\n%s", code, out)
	}
	type node struct {
		Name      string
		UniqueID  string                   `json:"unique_id"`
		DependsOn struct{ Nodes []string } `json:"depends_on"`
	}
	nodes := map[string]node{}
	for line := range strings.Lines(out) {
		var n node
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		nodes[n.UniqueID] = n
	}
	var order []string
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		n, isModel := nodes[id]
		if !isModel || seen[id] {
			return
		}
		seen[id] = true
		for _, parent := range n.DependsOn.Nodes {
			visit(parent)
		}
		order = append(order, n.Name)
	}
	for id := range nodes {
		visit(id)
	}
	if len(order) != 7 {
		t.Fatalf("%d models are listed, want 7: %s", len(order), out)
	}
	return order
}
