package build_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"apotheca/internal/build"
)

// TestExpressionsLikeDbt renders every expression of testdata/expressions on
// the database that its archive is named after. The answers are what the real
// dbt rendered, recorded below each of them; where it failed, ours must fail
// too, and in the archives of errors for the same reason.
func TestExpressionsLikeDbt(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/expressions/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newExpressionShop(t, strings.HasPrefix(name, "postgres"))
			expressions := s.expressions(file)
			if *realDbt != "" {
				s.recordExpressions(file, expressions)
			}
			results := s.run(build.RunAll)
			for _, e := range expressions {
				r := s.result(results, e.model)
				got := answered(r.Status == build.Success, r.CompiledCode, r.Message)
				same := sameAnswer(e.want, got, strings.HasSuffix(name, "errors"))
				switch {
				case !same && !e.differs:
					t.Errorf("%s\n dbt %s\nours %s", e.template, e.want, got)
				case same && e.differs:
					t.Errorf("%s\nis as dbt has it: it is no difference any more", e.template)
				}
			}
		})
	}
}

func newExpressionShop(t *testing.T, postgres bool) *shop {
	t.Helper()
	s := newShop
	if postgres {
		s = newPostgresShop
	}
	return s(t, nothing)
}

// dbt's command compile stops at the first failure, so that it runs the models
// instead, to no effect.
const nothing = `
-- dbt_project.yml --
name: shop
version: '1.0'
profile: shop
vars:
  lv: 5
  nested: {a: [1, 2], b: null}
  shop:
    own: x
models:
  +materialized: nothing
  +meta: {owner: me}
-- macros/nothing.sql --
{% materialization nothing, default %}{% call noop_statement('main', 'OK') %}{% endcall %}{{ return({'relations': []}) }}{% endmaterialization %}
`

// expression is a template and what the real dbt made of it: "= " and its text
// or "! " and its complaint. One that begins with "~ " in place of "> " is known
// to differ.
type expression struct {
	model, template, want string
	differs               bool
}

var expressionStart = regexp.MustCompile(`(?m)^[>~] `)

// expressions reads an archive and makes a model of each of its expressions,
// which have no meaning before the project is read.
func (s *shop) expressions(file string) []expression {
	s.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		s.Fatal(err)
	}
	var all []expression
	for _, f := range archive.Files {
		if f.Name != "expressions" {
			s.files[f.Name] = string(f.Data)
			continue
		}
		starts := expressionStart.FindAllIndex(f.Data, -1)
		for i, start := range starts {
			end := len(f.Data)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			lines := strings.Split(string(f.Data[start[1]:end]), "\n")
			e := expression{model: fmt.Sprintf("e%04d", len(all)+1), differs: f.Data[start[0]] == '~'}
			for i, line := range lines {
				switch {
				case e.want == "" && strings.HasPrefix(line, ". "):
					e.template += "\n" + line[2:]
				case i == 0:
					e.template = line
				case line != "":
					e.want += line + "\n"
				}
			}
			s.files["models/"+e.model+".sql"] = "{% if execute %}" + e.template + "{% endif %}"
			all = append(all, e)
		}
	}
	return all
}

// answered writes an answer as the archives have it. Of a failure that is what
// is wrong, without the place and the macros that were running.
func answered(ok bool, text, message string) string {
	mark := "="
	if !ok {
		mark, text = "!", complaint(message)
	}
	var b strings.Builder
	for _, line := range strings.Split(text, "\n") {
		b.WriteString(strings.TrimRight(mark+" "+line, " ") + "\n")
	}
	return b.String()
}

var around = regexp.MustCompile(`^(> |hint: |at )`) // what comes below a complaint

func complaint(message string) string {
	if first, rest, ok := strings.Cut(message, "\n"); ok && strings.Contains(first, " Error in ") {
		message = rest
	}
	var lines []string
	for _, line := range strings.Split(message, "\n") {
		line, _, _ = strings.Cut(strings.TrimSpace(line), ". This can happen when calling a macro that does not exist.")
		if len(lines) > 0 && (line == "" || around.MatchString(line)) {
			break
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func sameAnswer(want, got string, words bool) bool {
	if words || strings.HasPrefix(want, "=") {
		return want == got
	}
	return strings.HasPrefix(got, "!")
}

// recordExpressions runs them under the real dbt and writes its answers down.
func (s *shop) recordExpressions(file string, expressions []expression) {
	s.Helper()
	profile, err := json.Marshal(map[string]any{"shop": map[string]any{"outputs": map[string]any{"default": s.credentials}}})
	if err != nil {
		s.Fatal(err)
	}
	dir := s.TempDir()
	files := maps.Clone(s.files)
	files["profiles.yml"] = string(profile)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	command := exec.CommandContext(s.Context(), *realDbt, "--no-version-check", "run", "--threads", "1", "--project-dir", dir, "--profiles-dir", dir)
	command.Dir = dir
	command.Env = append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false")
	said, _ := command.CombinedOutput() // nodes that fail make it fail
	answers := readAnswers(s.T, filepath.Join(dir, "target", "run_results.json"), string(said))
	var b strings.Builder
	for i := range expressions {
		e := &expressions[i]
		e.want = answers[e.model]
		mark := "> "
		if e.differs {
			mark = "~ "
		}
		b.WriteString(mark + strings.ReplaceAll(e.template, "\n", "\n. ") + "\n" + e.want + "\n")
	}
	archive, err := txtar.ParseFile(file)
	if err != nil {
		s.Fatal(err)
	}
	for i, f := range archive.Files {
		if f.Name == "expressions" {
			archive.Files[i].Data = []byte(strings.TrimSuffix(b.String(), "\n"))
		}
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		s.Fatal(err)
	}
}

func readAnswers(t *testing.T, file, said string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var results struct {
		Results []struct {
			UniqueID     string `json:"unique_id"`
			Status       string
			Message      string
			CompiledCode string `json:"compiled_code"`
		}
	}
	if err := json.Unmarshal(data, &results); err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for _, r := range results.Results {
		model := r.UniqueID[strings.LastIndexByte(r.UniqueID, '.')+1:]
		answers[model] = answered(r.Status == "success", r.CompiledCode, r.Message)
	}
	return answers
}
