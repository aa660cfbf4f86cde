package dbt_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

func TestSemanticManifestIsThatOfDbt(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/semantic/semantic.txtar")
	if err != nil {
		t.Fatal(err)
	}
	project, err := load(t, archive, func(*dbt.Options) {})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := project.WriteSemanticManifest(&b); err != nil {
		t.Fatal(err)
	}
	last := archive.Files[len(archive.Files)-1]
	if diff := gocmp.Diff(semanticManifest(t, last.Data), semanticManifest(t, b.Bytes())); diff != "" {
		t.Errorf("(-dbt +got):\n%s", diff)
	}
}

// semanticManifest is the file with its resources sorted: dbt has them in the
// order in which it reads the files.
func semanticManifest(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for _, value := range file {
		if list, ok := value.([]any); ok {
			slices.SortFunc(list, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
	}
	return file
}

func TestSemanticModelsNeedATimeSpine(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/semantic/semantic.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range archive.Files {
		archive.Files[i].Data = bytes.ReplaceAll(f.Data, []byte("granularity: day}\nsemantic"), []byte("granularity: month}\nsemantic"))
	}
	if _, err := load(t, archive, func(*dbt.Options) {}); err == nil || !strings.Contains(err.Error(), "requires a time spine model") {
		t.Errorf("error = %v, want that a time spine is missing", err)
	}
}
