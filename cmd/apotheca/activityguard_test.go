package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
	"apotheca/projects"
)

// activityProject is the dbt project of patient-activity in a folder of its
// own, over a place that holds a small sample of it.
func activityProject(t *testing.T, p place) string {
	t.Helper()
	if code, out, errs := p.runPipeline(t.Context(), "run", patientActivity, "--sample=500"); code != exitOK {
		t.Fatalf("exit %d\n%s\n%s", code, out, errs)
	}
	project, err := fs.Sub(projects.PatientActivity, "patient_activity")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, project); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dbt runs a dbt command of a project over the place's warehouse.
func (p place) dbt(t *testing.T, project, command string, flags ...string) (code int, said string) {
	t.Helper()
	var out, errs strings.Builder
	a := p.app(&out, &errs)
	env := a.env
	a.env = func(name string) (string, bool) {
		if name == "APOTHECA_WAREHOUSE" {
			return filepath.Join(p.dir, "warehouse.duckdb"), true
		}
		return env(name)
	}
	args := []string{"dbt", command, "--project-dir", project, "--profiles-dir", project}
	if p.postgres != nil {
		args = append(args, "--target", "postgres")
	}
	code = a.run(t.Context(), append(args, flags...))
	return code, out.String() + errs.String()
}

// execute changes the place's database behind the program's back.
func (p place) execute(t *testing.T, sql string) {
	t.Helper()
	var w warehouse.Warehouse
	var err error
	if p.postgres != nil {
		w = p.open(t)
	} else if w, err = duckdb.Open(t.Context(), duckdb.Options{Path: filepath.Join(p.dir, "warehouse.duckdb")}); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

// What a contract says of keys and missing values the database refuses, and
// the table of before stays. None of it is said in the words of the data.
func TestKeysAreEnforced(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p := fresh(t)
		project := activityProject(t, p)
		// What another tool has loaded may be what ours would not have.
		p.execute(t, "alter table raw.steps alter column steps drop not null")
		const row = "insert into raw.steps (id, external_id, steps, submission_time, submission_time_offset, updated_at, updated_at_offset) "
		const rest = ", '2024-02-29 00:00:00+00', 60, '2024-02-29 00:00:00+00', 60)"
		const patient = "insert into raw.patients (patient_id, first_name, last_name, country) "
		for _, c := range []struct{ name, broken, mend, model string }{
			{"a patient twice", patient + "values (100003, 'Zephyrine', 'Quillmark', 'Atlantis')", "delete from raw.patients where country = 'Atlantis'", "dim_patients"},
			{"a patient without a name", patient + "values (7, 'Zephyrine', null, 'Atlantis')", "delete from raw.patients where patient_id = 7", "dim_patients"},
			{"steps of nobody's", row + "values (7000, 7, 1" + rest, "delete from raw.steps where id = 7000", "fct_steps"},
			{"steps without a number", row + "values (7000, 100003, null" + rest, "delete from raw.steps where id = 7000", "fct_steps"},
		} {
			p.execute(t, c.broken)
			before := p.fetch(t, "select count(*) from transform."+c.model)[0][0]
			code, said := p.dbt(t, project, "run", "--select", c.model)
			if code != exitFailed || !strings.Contains(said, "Done. PASS=0 WARN=0 ERROR=1") {
				t.Errorf("%s: exit %d, want %s to fail\n%s", c.name, code, c.model, said)
			}
			if hasName.MatchString(said) {
				t.Errorf("%s: a name is said:\n%s", c.name, said)
			}
			if after := p.fetch(t, "select count(*) from transform."+c.model)[0][0]; after != before {
				t.Errorf("%s: %s has %v rows after the failure, want the %v of before", c.name, c.model, after, before)
			}
			p.execute(t, c.mend)
		}
		if code, said := p.dbt(t, project, "build"); code != exitOK {
			t.Errorf("mended: exit %d\n%s", code, said)
		}
	})
}

// hasName finds the personal data that tests write into every row.
var hasName = regexp.MustCompile(`(?i)Zephyrine|Quillmark|Atlantis`)

// Models that stumble over names, tests that fail on them, contracts that do
// not hold, verbosely: nothing said or written holds a name.
func TestNamesStayInTheWarehouse(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p := fresh(t)
		project := activityProject(t, p)
		p.execute(t, "update raw.patients set first_name = 'Zephyrine', last_name = 'O''Quillmark, \"Jr\" ' || patient_id, country = 'Atlantis'")
		for name, text := range map[string]string{
			"models/bad/to_number.sql":  "select cast(first_name as bigint) as id from {{ ref('dim_patients') }}",
			"models/bad/to_day.sql":     "select cast(last_name as date) as id from {{ ref('dim_patients') }}",
			"models/bad/to_time.sql":    "select cast(cast(country as timestamp) as date) as id from {{ ref('dim_patients') }}",
			"models/bad/same_key.sql":   "select country as id from {{ ref('dim_patients') }}",
			"models/bad/not_short.sql":  "select country as id from {{ ref('dim_patients') }}",
			"models/bad/other_type.sql": "select country as id from {{ ref('dim_patients') }}",
			"models/bad/renamed.sql":    "select first_name as given from {{ ref('dim_patients') }}",
			"models/bad/bad.yml": `
models:
  - {name: renamed, columns: [{name: given, data_type: text}]}
  - {name: to_number, columns: [{name: id, config: {meta: {pii: false}}, data_type: bigint}]}
  - {name: to_day, columns: [{name: id, config: {meta: {pii: false}}, data_type: date}]}
  - {name: to_time, columns: [{name: id, config: {meta: {pii: false}}, data_type: date}]}
  - {name: same_key, columns: [{name: id, config: {meta: {pii: false}}, data_type: text, constraints: [{type: primary_key}]}]}
  - {name: not_short, columns: [{name: id, config: {meta: {pii: false}}, data_type: text, constraints: [{type: check, expression: length(id) < 3}]}]}
  - {name: other_type, columns: [{name: id, config: {meta: {pii: false}}, data_type: bigint}]}
`,
			"tests/no_names.sql":      "select first_name, last_name, country from {{ ref('dim_patients') }}",
			"tests/names_as_days.sql": "select id from {{ ref('dim_patients') }} where cast(first_name as date) > cast('2024-01-01' as date)",
		} {
			writeFile(t, filepath.Join(project, name), text)
		}
		said := ""
		for _, c := range []struct {
			want string
			args []string
		}{
			{"ERROR=7 ", []string{"run", "--debug"}},
			{"the column given of renamed comes from dim_patients.first_name", []string{"run", "--select", "renamed"}},
			{"ERROR=2 ", []string{"test", "--debug"}},
			{"would keep rows with personal data", []string{"test", "--select", "no_names", "--store-failures"}},
		} {
			code, text := p.dbt(t, project, c.args[0], c.args[1:]...)
			if code != exitFailed || !strings.Contains(text, c.want) {
				t.Errorf("dbt %v: exit %d, want %s\n%s", c.args, code, c.want, text)
			}
			said += text
		}
		if name := hasName.FindString(said); name != "" {
			t.Errorf("the name %s is said:\n%s", name, said)
		}
		files := 0
		err := fs.WalkDir(os.DirFS(project), ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			files++
			text, err := os.ReadFile(filepath.Join(project, name))
			if hasName.Match(text) {
				t.Errorf("%s holds a name", name)
			}
			return err
		})
		if err != nil || files < 60 {
			t.Errorf("%d files were looked at: %v", files, err)
		}
	})
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
