package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.json")
	order := []string{"b", "a"}
	for _, r := range []*Report{
		{Target: "a", Adapter: "duckdb", Nodes: 1}, {Target: "b", Adapter: "postgres"}, {Target: "b", Adapter: "duckdb"},
		{Target: "a", Adapter: "duckdb", Nodes: 2},
	} {
		if _, err := Merge(file, order, r); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Merge(file, []string{"b"}, &Report{Target: "b", Adapter: "duckdb", Nodes: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Nodes != 3 || all[1].Adapter != "postgres" {
		t.Errorf("got %+v, want b on both adapters, in order, without the target that is no longer listed", all)
	}
}

func TestWriteDocument(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "conformance.md")
	reports := []*Report{
		{Target: "shop", Repository: "owner/shop", Adapter: "duckdb", Nodes: 3, Equal: 3, Relations: 2, Rows: 7,
			Steps: []StepReport{{Command: "build", DbtTook: 5.04, OurTook: 0.21, DbtDone: "PASS=3", OurDone: "PASS=3"}}},
		{Target: "mart", Repository: "./projects/mart", Adapter: "postgres", Note: "Of this repository.", Nodes: 6, Equal: 1,
			Answers: &Answers{Version: "1.10.1", Nodes: 4, Equal: 3},
			Differences: []Difference{
				{Step: "build", About: "result", Node: "model.m.a", Field: "message", Dbt: "1 | 2", Ours: nothing, Reason: "on purpose"},
				{Step: "build", About: "result", Node: "model.m.b", Field: "message", Dbt: "other", Ours: nothing, Reason: "on purpose"},
				{Step: "build", About: "result", Node: "model.m.c", Field: "message", Ours: nothing, Reason: "on purpose"},
				{Step: "build", About: "result", Node: "model.m.d", Field: "message", Ours: nothing, Reason: "on purpose"},
				{About: "table", Node: "main.x", Field: "kind", Dbt: "view", Ours: "base table"},
			}},
	}
	if err := WriteDocument(file, reports); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(string(content), "did other\nthings too.\n\n")
	want := `2 runs: 4 of 9 nodes are equal; 2 tables and views with 7 rows were compared.

| project | adapter | nodes | equal | different | relations | rows | why |
|---|---|--:|--:|--:|--:|--:|---|
| [shop](https://github.com/owner/shop) | duckdb | 3 | 3 | 0 | 2 | 7 |  |
| mart | postgres | 6 | 1 | 5 | 0 | 0 | on purpose; 1 difference without a reason yet |

## shop on duckdb

| command | dbt | apotheca | dbt, s | apotheca, s |
|---|---|---|--:|--:|
| ` + "`build`" + ` | exit 0 PASS=3 | exit 0 PASS=3 | 5.0 | 0.2 |

No difference.

## mart on postgres

Of this repository.

| command | dbt | apotheca | dbt, s | apotheca, s |
|---|---|---|--:|--:|

Its authors publish the manifest and the catalog of a run under dbt 1.10.1: of 4 nodes 3 are the same here.

| what | where | dbt | apotheca | why |
|---|---|---|---|---|
| result message | model.m.a, model.m.b, model.m.c, 1 more (build) | ` + "`1 \\| 2`" + ` | — | on purpose |
| table kind | main.x | ` + "`view` | `base table`" + ` | not known yet |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// Reasons are found after the fact: nothing has to be run again for them.
func TestRender(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	results, document := filepath.Join(folder, "results.json"), filepath.Join(folder, "conformance.md")
	for _, name := range []string{"a", "gone"} {
		report := &Report{Target: name, Adapter: "duckdb", Differences: []Difference{{About: "ls", Reason: "before"}, {About: "exit"}}}
		if _, err := Merge(results, []string{"a", "gone"}, report); err != nil {
			t.Fatal(err)
		}
	}
	list := Targets{Targets: []Target{{Name: "a", Known: []Known{{About: "exit", Reason: "now"}}}}}
	if err := Render(results, document, list); err != nil {
		t.Fatal(err)
	}
	all, err := readReports(results)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Report{{Target: "a", Adapter: "duckdb", Differences: []Difference{{About: "ls"}, {About: "exit", Reason: "now"}}}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(document); err != nil {
		t.Error(err)
	}
}
