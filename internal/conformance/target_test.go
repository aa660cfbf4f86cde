package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func file(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadTargets(t *testing.T) {
	t.Parallel()
	list, err := ReadTargets(file(t, t.TempDir(), "targets.yml", `
targets:
  - {name: a, repository: o/a, steps: [ls], known: [{about: ls, reason: own}]}
  - {name: b, repository: o/b, adapters: [postgres], schema: s}
known:
  - {about: ls, reason: everybody's}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Target{
		{Name: "a", Repository: "o/a", Adapters: []string{"duckdb"}, Schema: "conformance", Steps: []string{"ls"},
			Known: []Known{{About: "ls", Reason: "own"}, {About: "ls", Reason: "everybody's"}}},
		{Name: "b", Repository: "o/b", Adapters: []string{"postgres"}, Schema: "s", Steps: defaultSteps,
			Known: []Known{{About: "ls", Reason: "everybody's"}}},
	}
	if diff := cmp.Diff(want, list.Targets); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"targets: [{name: a, repo: x}]":     "repo",
		"targets: [{name: a}, {name: a}]":   "target 2 has no name of its own",
		"targets: [{repository: owner/of}]": "target 1 has no name of its own",
	} {
		if _, err := ReadTargets(file(t, t.TempDir(), "targets.yml", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", text, err, want)
		}
	}
}

// The list of the repository is read as the command reads it, and every reason
// is one.
func TestTargetsOfTheRepository(t *testing.T) {
	t.Parallel()
	list, err := ReadTargets(filepath.FromSlash("../../cmd/dbt-conformance/targets.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range list.Targets {
		for _, known := range target.Known {
			if known.Reason == "" || known.About == "" {
				t.Errorf("%s: a reason without a text, or for everything: %+v", target.Name, known)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	target := Target{Known: []Known{
		{Adapter: "postgres", About: "table", Reason: "another database"},
		{About: "result", Node: "test.*", Field: "failures", Reason: "random"},
		{About: "result", Step: "docs *", Reason: "docs"},
	}}
	differences := []Difference{
		{About: "table", Node: "main.x"},
		{About: "result", Node: "test.p.a", Field: "failures", Step: "build"},
		{About: "result", Node: "test.p.a", Field: "status", Step: "build"},
		{About: "result", Node: "model.p.a", Field: "status", Step: "docs generate"},
	}
	target.explain("duckdb", differences)
	var got []string
	for _, d := range differences {
		got = append(got, d.Reason)
	}
	if diff := cmp.Diff([]string{"", "random", "", "docs"}, got); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if got := (&Report{Differences: differences}).Unexplained(); got != 2 {
		t.Errorf("%d unexplained, want 2", got)
	}
}

// What real dbt left is used again only while nothing that it was given has
// changed.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	sources := t.TempDir()
	model := file(t, sources, "o/p/models/a.sql", "select 1")
	file(t, sources, "o/p/target/manifest.json", "{}")
	sum := func(target Target, command ...string) string {
		t.Helper()
		j := &job{Options: Options{Sources: sources}, target: &target}
		got, err := j.fingerprint(command)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	target := Target{Repository: "o/p"}
	before := sum(target, "dbt")
	if got := sum(Target{Repository: "o/p", Note: "n", Known: []Known{{Reason: "r"}}, Volatile: []string{"v"}}, "dbt"); got != before {
		t.Error("a reason changed the fingerprint: real dbt would run again for nothing")
	}
	file(t, sources, "o/p/target/manifest.json", "{}\n")
	if got := sum(target, "dbt"); got != before {
		t.Error("what a run left changed the fingerprint")
	}
	if got := sum(target, "dbt2"); got == before {
		t.Error("another command has the same fingerprint")
	}
	if got := sum(Target{Repository: "o/p", Vars: "{a: 1}"}, "dbt"); got == before {
		t.Error("other variables have the same fingerprint")
	}
	if err := os.WriteFile(model, []byte("select 2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := sum(target, "dbt"); got == before {
		t.Error("another model has the same fingerprint")
	}
}
