package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/warehouse"
)

func TestWarehouseThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := Examine(t.Context(), Options{
		Open: func(context.Context) (warehouse.Warehouse, error) {
			return nil, errors.New("nobody answers\nhint: wake somebody")
		},
		Lake: filepath.Join(dir, "not", "there", "yet"),
	})
	want := warehouse.Finding{Check: "reach", Verdict: warehouse.Failed, Found: "nobody answers", Hint: "wake somebody"}
	if len(got) != 2 || got[0] != want {
		t.Errorf("findings %+v, want %+v and the lake's folder", got, want)
	}
	if lake := got[1]; lake.Check != "lake folder" || lake.Verdict == warehouse.Failed || !strings.Contains(lake.Found, "can be written to") {
		t.Errorf("a folder that can be made: %+v", lake)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v was left behind, %v", entries, err)
	}
	if Worst(got) != warehouse.Failed {
		t.Errorf("the worst of them is %s", Worst(got))
	}
}

func TestFolderThatCannotBeWrittenTo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, found := range map[string]string{
		filepath.Join(file, "lake"): "is a file",
		"/proc/lake":                "nothing can be written to /proc", // for root too
	} {
		got := folder("lake folder", path)
		if got.Verdict != warehouse.Failed || !strings.Contains(got.Found, found) || !strings.HasPrefix(got.Hint, "--dir ") {
			t.Errorf("%s: %+v, want %q", path, got, found)
		}
	}
}

func TestDiskWithLittleRoom(t *testing.T) {
	t.Parallel()
	if got := roomy("lake folder", "lake", roomMin-1); got.Verdict != warehouse.Warning || got.Hint == "" {
		t.Errorf("a byte too little: %+v", got)
	}
	want := warehouse.Finding{Check: "lake folder", Verdict: warehouse.OK, Found: "lake can be written to, 5.0 GB free"}
	if diff := cmp.Diff(want, roomy("lake folder", "lake", roomMin)); diff != "" {
		t.Errorf("just enough (-want +got):\n%s", diff)
	}
}
