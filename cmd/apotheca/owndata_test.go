package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fenced is a block of a page: a kind, the file it is, if any, and its text.
var fenced = regexp.MustCompile("(?s)```([a-z]+)(?: ([^\n]+))?\n(.*?)```")

// TestYourOwnData does what the page says, block after block: it writes the
// files and runs the lines.
func TestYourOwnData(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "your-own-data.md"))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, block := range fenced.FindAllStringSubmatch(string(page), -1) {
		switch kind, file, text := block[1], block[2], block[3]; {
		case file != "":
			lines.WriteString("printf '%s' " + shellWord(text) + " > " + file + "\n")
		case kind == "sh":
			lines.WriteString(text)
		}
	}
	out := shell(t, nil, lines.String())
	said := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{
		"wrote care/pipeline.yml", "10 75 20 20 (2 rows)", "Northside 75", "Harbour 20", "Harbour 25",
		"rows in raw_care.visits + quarantined 3 3 balances", "tomorrow.csv:3 clinic: no row of clinics has this id",
		"tomorrow.csv 4 Minutes not an integer", "build success",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the page's lines do not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
