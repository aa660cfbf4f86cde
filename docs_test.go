package apotheca_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFaultsOfTheReferenceDesignAreTested keeps docs/reference-design-faults.md
// true: all faults are there, the fifteen of clinical trials and those of patient
// activity, and every test it names exists.
func TestFaultsOfTheReferenceDesignAreTested(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/reference-design-faults.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+)\. .* \| (.*) \|$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) != 19 {
		t.Errorf("%d faults, want 19", len(rows))
	}
	for _, row := range rows {
		tests := regexp.MustCompile("`([^`]+): (\\w+)`").FindAllStringSubmatch(row[2], -1)
		if len(tests) == 0 {
			t.Errorf("fault %s has no test", row[1])
		}
		for _, test := range tests {
			if place, name := test[1], test[2]; !testExists(t, place, name) {
				t.Errorf("fault %s: there is no test %s in %s", row[1], name, place)
			}
		}
	}
}

func testExists(t *testing.T, place, name string) bool {
	t.Helper()
	switch place {
	case "unit":
		return anyFileHas(t, "projects", ".yml", "  - name: "+name+"\n")
	case "data":
		found, err := filepath.Glob(filepath.Join("projects", "*", "tests", name+".sql"))
		return err == nil && len(found) == 1
	case "script":
		_, err := os.Stat(filepath.Join("cmd/apotheca/testdata/script", name+".txtar"))
		return err == nil
	}
	return anyFileHas(t, place, "_test.go", "func "+name+"(t *testing.T) {")
}

func anyFileHas(t *testing.T, folder, suffix, text string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || found || !strings.HasSuffix(path, suffix) {
			return err
		}
		content, err := os.ReadFile(path)
		found = strings.Contains(string(content), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNoPasswordIsWrittenDown looks for a secret given as a literal in what
// people copy: settings, profiles, compose files, examples.
func TestNoPasswordIsWrittenDown(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`(?i)\b[a-z_]*(password|passwd|secret|token|api_key)["']?\s*[:=]\s*["']?[^\s"'{$<#?]`) // ? is ${NAME:?}
	looked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".git") || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".yml", ".yaml", ".env", ".toml", ".ini", ".cfg", ".sh":
		default:
			return nil
		}
		looked++
		content, err := os.ReadFile(path)
		if found := literal.Find(content); found != nil {
			t.Errorf("%s: %q is written down; take it from the environment", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 10 {
		t.Errorf("looked at %d files only", looked)
	}
}
