package main

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/activity"
)

const patientActivity = "patient-activity"

// TestTheAnswerIsThatOfTheFiles holds what the pipeline answers, on both
// warehouses, against what Go counts in the files with exact fractions, and
// the warehouses against each other, row by row.
func TestTheAnswerIsThatOfTheFiles(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	o := activity.Sample(activity.SampleStepRows)
	o.Seed, o.CRLF = 20, true
	if _, err := activity.Write(t.Context(), files, o); err != nil {
		t.Fatal(err)
	}
	want := countFiles(t, files)
	places := []place{inDuckDB(t), inPostgres(t)}
	var tables []map[string][]string
	for _, p := range places {
		code, out, errs := p.runPipeline(t.Context(), "run", patientActivity,
			"--patients", filepath.Join(files, activity.PatientsFile), "--steps", filepath.Join(files, activity.StepsFile),
			"--exercises", filepath.Join(files, activity.ExercisesFile))
		if code != exitOK {
			t.Fatalf("exit %d\n%s\n%s", code, out, errs)
		}
		checkAnswer(t, p, want)
		tables = append(tables, p.tables(t, "transform", "analysis"))
	}
	if len(tables[0]) != 7 {
		t.Errorf("%d tables, want the 7 models", len(tables[0]))
	}
	for name, rows := range tables[0] {
		if len(rows) == 0 {
			t.Errorf("%s is empty", name)
		}
		compareRows(t, name, rows, tables[1][name])
	}
}

// checkAnswer compares three models with what was counted.
func checkAnswer(t *testing.T, p place, want *counted) {
	t.Helper()
	if ties := len(want.first(want.patients)); ties != 2 {
		t.Fatalf("%d patients share the first place of the sample, want 2", ties)
	}
	var byCountry []string
	for _, patients := range want.countries {
		byCountry = append(byCountry, want.first(patients)...)
	}
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"select patient_id, first_name, last_name, country, total_minutes from analysis.top_patients", want.first(want.patients)},
		{"select patient_id, first_name, last_name, country, total_minutes from analysis.top_patients_by_country", byCountry},
		{"select kind, coalesce(cast(activity_date as varchar), ''), minutes from analysis.activity_by_day", want.byDay()},
		{"select patient_id, exercises_minutes, steps_minutes from transform.patient_minutes", want.byKind()},
	} {
		var got []string
		for _, row := range p.fetch(t, c.sql) {
			values := make([]string, len(row))
			for i, value := range row {
				values[i] = fmt.Sprint(value)
			}
			got = append(got, rowOf(values...))
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-files +warehouse):\n%.2000s", c.sql, diff)
		}
	}
}

// counted is what the files hold, counted without a database.
type counted struct {
	names     map[string][]string // first name, last name, country
	patients  []string
	countries map[string][]string
	minutes   map[string]map[string]*big.Rat // of a kind and patient
	days      map[string]map[string]*big.Rat // of a kind and day
}

func countFiles(t *testing.T, dir string) *counted {
	t.Helper()
	c := &counted{names: map[string][]string{}, countries: map[string][]string{},
		minutes: map[string]map[string]*big.Rat{}, days: map[string]map[string]*big.Rat{}}
	for _, row := range readCSV(t, dir, activity.PatientsFile) {
		id := row["PATIENT_ID"]
		c.patients = append(c.patients, id)
		c.names[id] = []string{row["first_name"], row["last_name"], row["country"]}
		c.countries[row["country"]] = append(c.countries[row["country"]], id)
	}
	c.count(t, dir, activity.StepsFile, "steps", "STEPS", "SUBMISSION_TIME", big.NewRat(1, 500))
	c.count(t, dir, activity.ExercisesFile, "exercises", "MINUTES", "COMPLETED_AT", big.NewRat(1, 1))
	return c
}

// count adds up the newest row of each id.
func (c *counted) count(t *testing.T, dir, file, kind, amount, happened string, worth *big.Rat) {
	t.Helper()
	newest := map[string]map[string]string{}
	for _, row := range readCSV(t, dir, file) {
		if before, ok := newest[row["ID"]]; !ok || timeOf(t, before["UPDATED_AT"]).Before(timeOf(t, row["UPDATED_AT"])) {
			newest[row["ID"]] = row
		}
	}
	c.minutes[kind], c.days[kind] = map[string]*big.Rat{}, map[string]*big.Rat{}
	for _, row := range newest {
		minutes, ok := new(big.Rat).SetString(row[amount])
		if !ok {
			t.Fatalf("%s: %q is no number", file, row[amount])
		}
		minutes.Mul(minutes, worth)
		add(c.minutes[kind], row["EXTERNAL_ID"], minutes)
		day, _, _ := strings.Cut(row[happened], "T") // as the clock there had it
		add(c.days[kind], day, minutes)
	}
}

func add(sums map[string]*big.Rat, key string, value *big.Rat) {
	if sums[key] == nil {
		sums[key] = new(big.Rat)
	}
	sums[key].Add(sums[key], value)
}

func (c *counted) of(kind, patient string) *big.Rat {
	if sum := c.minutes[kind][patient]; sum != nil {
		return sum
	}
	return new(big.Rat)
}

// first are the patients with the most minutes among some, as rows.
func (c *counted) first(patients []string) []string {
	var rows []string
	most := big.NewRat(-1, 1)
	for _, p := range patients {
		total := new(big.Rat).Add(c.of("steps", p), c.of("exercises", p))
		if total.Cmp(most) > 0 {
			rows, most = nil, total
		}
		if total.Cmp(most) == 0 {
			n := c.names[p]
			rows = append(rows, rowOf(p, n[0], n[1], n[2], total.FloatString(3)))
		}
	}
	return rows
}

func (c *counted) byDay() []string {
	var rows []string
	for kind, days := range c.days {
		for day, minutes := range days {
			rows = append(rows, rowOf(kind, day, minutes.FloatString(3)))
		}
	}
	return rows
}

func (c *counted) byKind() []string {
	var rows []string
	for _, p := range c.patients {
		rows = append(rows, rowOf(p, c.of("exercises", p).FloatString(3), c.of("steps", p).FloatString(3)))
	}
	return rows
}

func rowOf(values ...string) string { return strings.Join(values, "|") }

func readCSV(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, field := range record {
			row[records[0][i]] = field
		}
		rows = append(rows, row)
	}
	return rows
}

func timeOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000-0700", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
