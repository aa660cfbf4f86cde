package registry

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPathsExistInTheRealRegistry: the generator invents values, not fields.
func TestPathsExistInTheRealRegistry(t *testing.T) {
	t.Parallel()
	real := map[string]bool{
		// Rare kinds of study that the real sample lacks; the fields are the specification's.
		"protocolSection.designModule.expandedAccessTypes.individual:bool":   true,
		"protocolSection.designModule.expandedAccessTypes.intermediate:bool": true,
		"protocolSection.designModule.expandedAccessTypes.treatment:bool":    true,
	}
	data, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "ctgov", "studies.ndjson.gz"))
	if err != nil {
		t.Skipf("no real studies beside the repository: %v", err)
	}
	defer data.Close()
	unpacked, err := gzip.NewReader(data)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(unpacked)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		collectPaths(t, line, real)
	}
	made := map[string]bool{}
	g := &generator{seed: 6, count: 1000}
	for slot := range 1000 {
		text, err := g.appendStudy(nil, slot, "2026-10-02")
		if err != nil {
			t.Fatal(err)
		}
		collectPaths(t, text, made)
	}
	for path := range made {
		if !real[path] {
			t.Errorf("no real study has %s", path)
		}
	}
	if len(made) < 120 {
		t.Errorf("only %d different fields are made", len(made))
	}
}

func collectPaths(t *testing.T, text []byte, into map[string]bool) {
	t.Helper()
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, child := range v {
				walk(strings.TrimPrefix(path+"."+key, "."), child)
			}
		case []any:
			for _, child := range v {
				walk(path+"[]", child)
			}
		case string:
			into[path+":string"] = true
		case bool:
			into[path+":bool"] = true
		default:
			into[path+":number"] = true
		}
	}
	walk("", doc)
}
