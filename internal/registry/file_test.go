package registry_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/registry"
)

const twoStudies = `{"protocolSection":{"identificationModule":{"nctId":"NCT00000107","nctIdAliases":["NCT00000099"]},` +
	`"statusModule":{"overallStatus":"COMPLETED","lastUpdatePostDateStruct":{"date":"2015-06-01"}}},` +
	`"derivedSection":{"miscInfoModule":{"versionHolder":"2024-01-02"}},"hasResults":false}` + "\n\n  " +
	`{"protocolSection":{"identificationModule":{"nctId":"NCT00000102"},` +
	`"statusModule":{"overallStatus":"RECRUITING","lastUpdatePostDateStruct":{"date":"2020-02"}}},` +
	`"derivedSection":{"miscInfoModule":{"versionHolder":"2024-01-02"}},"hasResults":false}` + " \n"

// writeStudies is a file of studies, compressed when its name says so.
func writeStudies(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !strings.HasSuffix(name, ".gz") {
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		return path
	}
	w := gzip.NewWriter(f)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStudiesOfAFileAreServedAsTheyStand(t *testing.T) {
	t.Parallel()
	var want []study
	for _, line := range strings.Fields(strings.TrimSpace(twoStudies)) {
		want = append(want, study(line))
	}
	for _, name := range []string{"studies.ndjson", "studies.ndjson.gz"} {
		s := serve(t, registry.Options{StudiesPath: writeStudies(t, name, twoStudies), TempDir: t.TempDir()})
		p := s.page("countTotal=true")
		if diff := cmp.Diff(want, p.Studies); diff != "" || *p.TotalCount != 2 {
			t.Errorf("%s: total %d, studies (-want +got):\n%s", name, *p.TotalCount, diff)
		}
		for query, want := range map[string][]string{
			"sort=NCTId":              {"NCT00000102", "NCT00000107"},
			"sort=LastUpdatePostDate": {"NCT00000102", "NCT00000107"},
			"filter.ids=NCT99":        {"NCT00000107"},
			"filter.advanced=AREA[LastUpdatePostDate]RANGE[MIN,2019-12-31]": {"NCT00000107"},
			"filter.overallStatus=RECRUITING":                               {"NCT00000102"},
		} {
			if diff := cmp.Diff(want, s.ids(query)); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", name, query, diff)
			}
		}
	}
}

func TestFileIsStampedAndEditedByARebuild(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{StudiesPath: writeStudies(t, "studies.ndjson", twoStudies)})
	if err := s.Rebuild(registry.Edit{Changed: 1, Added: 2}); err != nil {
		t.Fatal(err)
	}
	bodies := s.bodies()
	if len(bodies) != 4 {
		t.Errorf("%d studies, want 4", len(bodies))
	}
	for id, text := range bodies {
		if !strings.Contains(string(text), `"versionHolder":"2026-10-05"`) {
			t.Errorf("%s does not carry the new build's date", id)
		}
		if got := s.page("filter.ids=" + id).Studies; len(got) != 1 || got[0] != text {
			t.Errorf("%s is not found by its id", id)
		}
	}
}

func TestTemporaryFileGoesWithTheRegistry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := registry.New(registry.Options{StudiesPath: writeStudies(t, "studies.ndjson.gz", twoStudies), TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	during, _ := os.ReadDir(dir)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadDir(dir)
	if len(during) != 1 || len(after) != 0 {
		t.Errorf("files: %d while open, %d when closed; want 1 and 0", len(during), len(after))
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		twoStudies + `{"protocolSection":`: "line 4: not JSON",
		"<html>":                           "line 1: not JSON",
		"":                                 "there is no study in it",
	} {
		dir := t.TempDir()
		_, err := registry.New(registry.Options{StudiesPath: writeStudies(t, "s.ndjson.gz", text), TempDir: dir})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "s.ndjson.gz") {
			t.Errorf("%.20q: error %v, want %s", text, err, want)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%.20q: a temporary file is left", text)
		}
	}
	if _, err := registry.New(registry.Options{StudiesPath: filepath.Join(t.TempDir(), "none.ndjson")}); err == nil {
		t.Error("a file that does not exist: no error")
	}
	if _, err := registry.New(registry.Options{Count: 10_000_000}); err == nil || !strings.Contains(err.Error(), "hint:") {
		t.Errorf("too many studies: error %v, want one with a hint", err)
	}
}

// realStudies is the file of real studies beside the repository, if it is there.
func realStudies(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	path := filepath.Join(dir, "..", "shared", "data", "ctgov", "studies.ndjson.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real studies beside the repository: %v", err)
	}
	return path
}

func TestRealStudiesAreServedOnceEach(t *testing.T) {
	t.Parallel()
	s := serve(t, registry.Options{StudiesPath: realStudies(t), TempDir: t.TempDir()})
	ids := s.ids("pageSize=250&fields=NCTId")
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(ids) != 1591 || len(seen) != 1591 {
		t.Errorf("%d studies, %d distinct; want 1591 of both", len(ids), len(seen))
	}
}
