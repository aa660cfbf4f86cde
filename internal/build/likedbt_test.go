package build_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
)

var realDbt = flag.String("dbt", "", "the real dbt: it is run on the archives of testdata/dbt, and what it leaves in the database is recorded in them")

// TestLikeDbt runs the projects of testdata/dbt on PostgreSQL, step by step.
// What is in the database after each step, and what is said of each node, must
// be what the real dbt left and said, which is recorded in the archives.
func TestLikeDbt(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/dbt/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	describe, err := os.ReadFile("testdata/dbt/describe.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if *realDbt != "" {
				record(t, file, archive, string(describe))
			}
			project, steps := likeDbtSteps(archive)
			s := newPostgresShop(t, "")
			createRoles(s)
			s.files = project
			for _, step := range steps {
				s.take(step, string(describe))
			}
		})
	}
}

// dbtStep is one run of a project: files replaced before it, SQL executed
// before it, the command line, and what is there afterwards.
type dbtStep struct {
	name            string
	files           map[string]string
	exec, run, want string
}

func likeDbtSteps(archive *txtar.Archive) (project map[string]string, steps []*dbtStep) {
	project = map[string]string{}
	for _, f := range archive.Files {
		number, name, inStep := strings.Cut(f.Name, "/")
		if !inStep || strings.Trim(number, "0123456789") != "" {
			project[f.Name] = string(f.Data)
			continue
		}
		if len(steps) == 0 || steps[len(steps)-1].name != number {
			steps = append(steps, &dbtStep{name: number, files: map[string]string{}})
		}
		step := steps[len(steps)-1]
		switch name {
		case "exec":
			step.exec = string(f.Data)
		case "run":
			step.run = strings.TrimSpace(string(f.Data))
		case "want":
			step.want = string(f.Data)
		default:
			step.files[name] = string(f.Data)
		}
	}
	return project, steps
}

// createRoles makes the roles that the projects grant to. They belong to the
// server, so another test may have made them.
func createRoles(s *shop) {
	s.Helper()
	for _, role := range []string{"reader", "writer"} {
		s.exec("do $$ begin create role " + role + "; exception when duplicate_object or unique_violation then null; end $$")
	}
}

func (s *shop) prepare(step *dbtStep) {
	s.Helper()
	for name, text := range step.files {
		s.files[name] = text
	}
	if step.exec != "" {
		s.exec(step.exec)
	}
}

func (s *shop) take(step *dbtStep, describe string) {
	s.Helper()
	s.prepare(step)
	command, selection, eventTime := s.flags(strings.Fields(step.run))
	p := s.project()
	selection.ResourceTypes = command.Types()
	ids, err := p.Select(selection)
	if err != nil {
		s.Fatal(err)
	}
	o := build.Options{
		Project: p, Warehouse: s.warehouse, Command: command, IDs: ids, Threads: 1, FullRefresh: s.fullRefresh, EventTime: eventTime,
	}
	results, err := build.Run(s.Context(), o)
	if err != nil {
		s.Fatalf("step %s: %v", step.name, err)
	}
	var said []string
	for _, r := range results.All {
		if r.Node != nil && r.Node.IsEphemeral() {
			continue
		}
		message := r.Message
		if message == "" {
			message = r.Response
		}
		said = append(said, s.said(r.UniqueID, string(r.Status), message))
	}
	slices.Sort(said)
	got := strings.Join(append(said, s.rows(describe)...), "\n") + "\n"
	if diff := cmp.Diff(strings.Split(step.want, "\n"), strings.Split(got, "\n")); diff != "" {
		s.Errorf("step %s, %s (-dbt +got):\n%s", step.name, step.run, diff)
		for _, r := range results.All {
			if r.Status == build.Error {
				s.Logf("%s: %s", r.UniqueID, r.Message)
			}
		}
	}
}

// flags reads a command line as far as the archives use it.
func (s *shop) flags(words []string) (command build.Command, selection dbt.Selection, eventTime *dbt.Window) {
	s.Helper()
	s.threads, s.fullRefresh, s.vars, s.sample = 1, false, nil, nil
	var window dbt.Window
	var moment *time.Time
	into := &selection.Select
	for i, word := range words[1:] {
		if moment != nil {
			*moment, _ = dbt.ParseMoment(word)
			moment = nil
			continue
		}
		switch word {
		case "--event-time-start":
			moment = &window.Start
		case "--event-time-end":
			moment = &window.End
		case "--sample":
			into = new([]string)
			var err error
			if s.sample, err = dbt.ParseSample(words[i+2], time.Now()); err != nil {
				s.Fatal(err)
			}
		case "--full-refresh":
			s.fullRefresh = true
		case "--select":
			into = &selection.Select
		case "--exclude":
			into = &selection.Exclude
		case "--vars":
			if err := json.Unmarshal([]byte(strings.Join(words[i+2:], " ")), &s.vars); err != nil {
				s.Fatal(err)
			}
		default:
			*into = append(*into, word)
		}
		if s.vars != nil {
			break
		}
	}
	if eventTime = s.sample; !window.Start.IsZero() {
		eventTime = &window
	}
	return build.Command(words[0]), selection, eventTime
}

// said is what is compared of a result.
func (s *shop) said(id, status, message string) string {
	database, _ := s.credentials["dbname"].(string)
	message = strings.ReplaceAll(message, database, "database")
	switch status {
	case "success":
		return fmt.Sprintf("%s: %s, %s", id, status, message)
	case "error":
		if strings.HasPrefix(id, "seed.") || message == "ERROR" {
			break // rows are loaded otherwise; of batches dbt does not record it
		}
		message, _, _ = strings.Cut(message, "They can be reconciled") // or as dbt says it
		message, _, _ = strings.Cut(message, "the columns of")         // or as we do
		message = madeUpName.ReplaceAllString(message, "$1")
		return fmt.Sprintf("%s: %s%s", id, status, errorLines(message))
	}
	return fmt.Sprintf("%s: %s", id, status)
}

// madeUpName is what dbt or the server adds to names: the hash of an index, the
// number of a constraint, the prefix of a macro's function.
var madeUpName = regexp.MustCompile(`\b[0-9a-f]{32}\b|dbt_macro__|(_check|_key)1\b`)

// notCompared are the lines of a message that differ on purpose: where in the
// statement something is wrong, since statements are laid out otherwise; dbt's
// own macros, which do not run here, and who called them; and what only ours say.
var notCompared = regexp.MustCompile(`^(LINE \d|\^$|CONTEXT: |at \S+:\d|hint: |compiled code at |$)` +
	`|^> (in|called by) macro .*\(macros/(adapters|etc|materializations|relations)\b|^> called by (model|seed|test) `)

// errorLines are the lines of an error's message without those.
func errorLines(message string) string {
	var b strings.Builder
	for line := range strings.Lines(message) {
		if line = strings.TrimSpace(line); !notCompared.MatchString(line) {
			b.WriteString("\n    " + line)
		}
	}
	return b.String()
}

// record runs the steps under the real dbt and writes down what it leaves.
func record(t *testing.T, file string, archive *txtar.Archive, describe string) {
	t.Helper()
	options := server.Database(t)
	s := newShopAt(t, options, "")
	createRoles(s)
	project, steps := likeDbtSteps(archive)
	s.files = project
	profile, err := json.Marshal(map[string]any{"shop": map[string]any{"outputs": map[string]any{"default": s.credentials}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.files["profiles.yml"] = string(profile)
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasSuffix(f.Name, "/want") })
	for _, step := range steps {
		s.prepare(step)
		step.want = strings.Join(append(s.runReal(dir, step), s.rows(describe)...), "\n") + "\n"
		at := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == step.name+"/run" })
		archive.Files = slices.Insert(archive.Files, at+1, txtar.File{Name: step.name + "/want", Data: []byte(step.want)})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) runReal(dir string, step *dbtStep) (said []string) {
	s.Helper()
	for name, text := range s.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	line, vars, withVars := strings.Cut(step.run, " --vars ")
	arguments := append([]string{"--no-version-check"}, strings.Fields(line)...)
	if withVars {
		arguments = append(arguments, "--vars", vars)
	}
	command := exec.CommandContext(s.Context(), *realDbt, append(arguments, "--threads", "1", "--project-dir", dir, "--profiles-dir", dir)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false")
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	_ = command.Run() // nodes that fail make it fail
	s.Logf("step %s\n%s", step.name, out.String())
	data, err := os.ReadFile(filepath.Join(dir, "target", "run_results.json"))
	if err != nil {
		s.Fatal(err)
	}
	var results struct {
		Results []struct {
			UniqueID string `json:"unique_id"`
			Status   string
			Message  string
		}
	}
	if err := json.Unmarshal(data, &results); err != nil {
		s.Fatal(err)
	}
	for _, r := range results.Results {
		said = append(said, s.said(r.UniqueID, r.Status, r.Message))
	}
	slices.Sort(said)
	return said
}
