package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
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

// postgresBlock is the README's five lines for an existing server.
var postgresBlock = regexp.MustCompile("(?s)## Your PostgreSQL\n.*?```sh\nexport ([^\n]*)\n(.*?)```")

// TestREADMEPostgreSQL runs the five lines by a shell, as an ordinary role
// that owns an empty database.
func TestREADMEPostgreSQL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := postgresBlock.FindStringSubmatch(string(text))
	if block == nil {
		t.Fatal("the README does not say how to use a server")
	}
	o := server.Database(t)
	o.Host, o.User, o.Password = server.Address().Host, "readme_"+o.Database, "a word"
	if err := execute(t.Context(), server.Options(), fmt.Sprintf(
		"create role %s login password 'a word'; alter database %s owner to %[1]s", o.User, o.Database)); err != nil {
		t.Fatal(err)
	}
	env := variables(o)
	env["PGPASSWORD"] = o.Password
	for _, assignment := range strings.Fields(block[1]) {
		if name, _, _ := strings.Cut(assignment, "="); env[name] == "" {
			t.Errorf("the README sets %s, which this test does not know", name)
		}
	}
	out := shell(t, env, block[2])
	for _, want := range []string{"\na run can begin\n", "\nGREEN: ", "\nstudies\n───────\n   2000\n", "\nbuild    success"} {
		if !strings.Contains(out, want) {
			t.Errorf("the five lines do not say %q:\n%s", want, out)
		}
	}
}

// shell runs lines in which `apotheca` is this program.
func shell(t *testing.T, env map[string]string, lines string) string {
	t.Helper()
	dir := t.TempDir()
	program, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "apotheca")); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "sh", "-euc", lines)
	command.Dir = t.TempDir()
	command.Env = []string{"PATH=" + dir, "HOME=" + dir, childVariable + "=1"}
	for name, value := range env {
		command.Env = append(command.Env, name+"="+value)
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}
