package flatten_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/flatten"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The SQL is executed by the tests of package pipeline; here a change of it is
// made visible.
func TestCompile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"clinical_trials": "../../projects/clinical_trials/flatten.yml",
		"every_feature":   "testdata/every_feature.yml",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := parseFile(t, file)
			plan := spec.Compile(flatten.Source{Lake: "it's/studies.parquet", ExtractID: "extract-1", Quote: quote})
			var got strings.Builder
			for _, sql := range plan.Prepare {
				got.WriteString("-- prepare\n" + sql + ";\n\n")
			}
			for _, s := range plan.Selects {
				got.WriteString("-- " + s.Table.Name + "\n" + s.SQL + ";\n\n")
			}
			for _, sql := range plan.Release {
				got.WriteString("-- release\n" + sql + ";\n\n")
			}
			got.WriteString("-- records\n" + plan.Records + ";\n")
			golden(t, filepath.Join("testdata", name+".sql"), got.String())
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v\nwrite it with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func quote(identifier string) string { return `"` + identifier + `"` }

func parseFile(t *testing.T, path string) *flatten.Spec {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := flatten.ParseSpec(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
