package main

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/activity"
	"apotheca/projects"
)

// The profile of pipelines in folders of tests.
const testProfile = `test:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('APOTHECA_WAREHOUSE') }}"
      schema: analysis
    postgres:
      type: postgres
      host: "{{ env_var('PGHOST') }}"
      port: "{{ env_var('PGPORT') | as_number }}"
      user: "{{ env_var('PGUSER') }}"
      dbname: "{{ env_var('PGDATABASE') }}"
      schema: analysis
`

// folderPipeline writes a pipeline of files into a folder.
func folderPipeline(t *testing.T, declaration string, models map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"pipeline.yml": declaration, "profiles.yml": testProfile,
		"dbt_project.yml": "name: folder\nversion: 1.0.0\nconfig-version: 2\nprofile: test\nmodels:\n  +materialized: table\n",
	}
	for name, text := range models {
		files["models/"+name] = text
	}
	for name, text := range files {
		writeText(t, filepath.Join(dir, name), text)
	}
	return dir
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Of a run with bad rows, whatever it does with them and wherever it fails,
// nothing that is written down or said holds a name.
func TestNamesOfPatientsAreNotSaid(t *testing.T) {
	t.Parallel()
	eachWarehouse(t, func(t *testing.T, fresh func(*testing.T) place) {
		p, files := fresh(t), t.TempDir()
		invalid, err := activity.Write(t.Context(), files, activity.Options{
			Seed: 7, Patients: 40, StepRows: 400, ExerciseRows: 100, Awkward: true, Invalid: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := fs.ReadFile(projects.PatientActivity, "patient_activity/pipeline.yml")
		if err != nil {
			t.Fatal(err)
		}
		declaration := strings.NewReplacer("name: patient-activity", "name: folder", "answer: top_patients", "answer: casts").Replace(string(text))
		dir := folderPipeline(t, declaration, map[string]string{
			"sources.yml":      "sources:\n  - name: raw\n    tables: [{name: patients}]\n",
			"checked.sql":      "select country from {{ source('raw', 'patients') }}",
			"checked.yml":      "models: [{name: checked, columns: [{name: country, data_tests: [{accepted_values: {arguments: {values: [Atlantis]}}}]}]}]\n",
			"casts.sql":        "select cast(first_name as integer) as n from {{ source('raw', 'patients') }}",
			"unique_names.sql": "select coalesce(country, '') as country from {{ source('raw', 'patients') }}",
			"unique_names.yml": "models: [{name: unique_names, config: {contract: {enforced: true}}, columns: [{name: country, data_type: varchar, constraints: [{type: primary_key}]}]}]\n",
		})
		flags := []string{
			"--patients", filepath.Join(files, activity.PatientsFile), "--steps", filepath.Join(files, activity.StepsFile),
			"--exercises", filepath.Join(files, activity.ExercisesFile),
		}
		code, out, errs := p.runPipeline(t.Context(), "run", dir, flags...)
		if all := fmt.Sprintf("%d bad rows, the first 10:", len(invalid)); code != exitFailed || !strings.Contains(errs, all) || strings.Count(errs, ".csv:") != 10 {
			t.Fatalf("bad rows: exit %d, want %q and ten of them\n%s\n%s", code, all, out, errs)
		}
		said := out + errs
		code, out, errs = p.runPipeline(t.Context(), "run", dir, append(flags, "--on-bad-row", "quarantine")...)
		if code != exitFailed || !strings.Contains(errs, "build: 3 failed") {
			t.Fatalf("models that fail: exit %d, want a failure of build\n%s\n%s", code, out, errs)
		}
		said += out + errs
		_, out, errs = p.runPipeline(t.Context(), "run", dir, "--from", "build", "--json")
		said += out + errs
		checkQuarantine(t, p, files, invalid)
		names := namesIn(t, filepath.Join(files, activity.PatientsFile))
		for place, text := range written(t, p.dir) {
			if name := names.FindString(text); name != "" {
				t.Errorf("%s holds the name %q", place, name)
			}
		}
		if name := names.FindString(said); name != "" {
			t.Errorf("the run said the name %q:\n%s", name, said)
		}
	})
}

// checkQuarantine holds the rows set aside to those that were written wrongly.
func checkQuarantine(t *testing.T, p place, dir string, invalid []activity.Invalid) {
	t.Helper()
	var want, got []string
	for _, bad := range invalid {
		want = append(want, fmt.Sprintf("%s:%d %s", bad.File, bad.Line, bad.Column))
	}
	for _, row := range p.fetch(t, "select file, line, coalesce(column_name, '') from raw.quarantine order by 1, 2") {
		got = append(got, strings.ToUpper(fmt.Sprintf("%s:%d %s", filepath.Base(row[0].(string)), row[1], row[2])))
	}
	for i := range want {
		want[i] = strings.ToUpper(want[i])
	}
	sortStrings := cmp.Transformer("sort", func(s []string) map[string]int {
		count := map[string]int{}
		for _, line := range s {
			count[line]++
		}
		return count
	})
	if diff := cmp.Diff(want, got, sortStrings); diff != "" {
		t.Errorf("quarantine of %s (-want +got):\n%s", dir, diff)
	}
	for _, row := range p.fetch(t, "select table_name, records, loaded + quarantined + superseded + not_new from raw.loaded_table") {
		if row[1] != row[2] {
			t.Errorf("%v: %v records and %v accounted for", row[0], row[1], row[2])
		}
	}
}

// namesIn matches any of the personal data of a file, but for words so short
// that they stand in others.
func namesIn(t *testing.T, path string) *regexp.Regexp {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	records, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, record := range records[1:] {
		for _, value := range record[min(2, len(record)):] {
			if value = strings.TrimSpace(value); utf8.RuneCountInString(value) > 4 {
				names = append(names, regexp.QuoteMeta(value))
			}
		}
	}
	if len(names) < 40 {
		t.Fatalf("%d names, want many", len(names))
	}
	return regexp.MustCompile(strings.Join(names, "|"))
}

// written are the files of a data folder that are no tables.
func written(t *testing.T, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".parquet") || strings.Contains(path, "warehouse.duckdb") {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 5 {
		t.Fatalf("%d files, want logs, records and artifacts", len(texts))
	}
	return texts
}
