package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// consoleBlock is a query in the README and its answer:
//
//	$ apotheca query "…"
//	the answer
var consoleBlock = regexp.MustCompile("(?s)```console\n\\$ apotheca query \"(.*?)\"\n(.*?)```")

// TestREADME runs what the README's first command runs, then its queries, and
// compares the answers.
func TestREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\nscripts/sample ") {
		t.Error("the README's first command is not the one this test runs")
	}
	dir := t.TempDir()
	args := []string{"run", clinicalTrials, "--sample", "--dir", dir, "--run-date", "2026-11-21"}
	var out, errs strings.Builder
	if code := run(context.Background(), args, nil, &out, &errs); code != exitOK {
		t.Fatalf("the README's first command: exit %d\n%s%s", code, &out, &errs)
	}
	blocks := consoleBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("found %d queries in the README, want at least 3", len(blocks))
	}
	for _, block := range blocks {
		out.Reset()
		if code := run(context.Background(), []string{"query", "--dir", dir, block[1]}, nil, &out, &errs); code != exitOK {
			t.Errorf("query %q: exit %d\n%s", block[1], code, &errs)
			continue
		}
		if diff := cmp.Diff(block[2], out.String()); diff != "" {
			t.Errorf("answer of %q (-README +got):\n%s", block[1], diff)
		}
	}
}
