package activity_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/activity"
)

const timeForm = "2006-01-02T15:04:05.000-0700"

func TestSampleHoldsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	invalid := write(t, dir, activity.Sample(activity.SampleStepRows))
	if len(invalid) > 0 {
		t.Errorf("a sample has invalid rows: %v", invalid)
	}
	patients, steps, exercises := read(t, dir, activity.PatientsFile), read(t, dir, activity.StepsFile), read(t, dir, activity.ExercisesFile)
	if got, want := []int{len(patients), len(steps), len(exercises)}, []int{100, 12_000, 3_000}; !cmp.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	names := strings.Join(column(patients, "last_name"), "|")
	for _, mark := range []string{", the Younger", "Åsdrøm", "岸森", " Restul"} {
		if !strings.Contains(names, mark) {
			t.Errorf("no last name with %q", mark)
		}
	}
	offsets := map[string]bool{}
	for _, text := range append(column(steps, "UPDATED_AT"), column(steps, "SUBMISSION_TIME")...) {
		if _, err := time.Parse(timeForm, text); err != nil {
			t.Fatal(err)
		}
		offsets[text[len(text)-5:]] = true
	}
	if len(offsets) < 8 {
		t.Errorf("only the offsets %v", offsets)
	}
	missing := 0
	for _, text := range column(exercises, "COMPLETED_AT") {
		if text == "" {
			missing++
		}
	}
	if missing == 0 || missing > 300 {
		t.Errorf("%d of 3,000 exercises have no completed_at", missing)
	}
}

// The kinds of patients and the tie are there at every size and seed.
func TestTwoPatientsShareTheFirstPlace(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 500, activity.SampleStepRows} {
		for seed := range uint64(5) {
			dir := t.TempDir()
			o := activity.Sample(rows)
			o.Seed, o.CRLF = seed, seed%2 == 1
			write(t, dir, o)
			steps, exercises := minutes(t, dir)
			if got := len(leaders(steps, exercises)); got != 2 {
				t.Errorf("%d rows, seed %d: %d patients share the first place, want 2", rows, seed, got)
			}
		}
	}
	dir := t.TempDir()
	write(t, dir, activity.Sample(activity.SampleStepRows))
	steps, exercises := minutes(t, dir)
	kinds := map[[2]bool]int{}
	for _, id := range column(read(t, dir, activity.PatientsFile), "PATIENT_ID") {
		kinds[[2]bool{steps[id] != nil, exercises[id] != nil}]++
	}
	want := map[[2]bool]int{{true, true}: 70, {true, false}: 10, {false, true}: 10, {false, false}: 10}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("patients by whether they have steps and exercises (-want +got):\n%s", diff)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	text := func(seed uint64) []byte {
		dir := t.TempDir()
		o := activity.Sample(500)
		o.Seed, o.Invalid = seed, true
		write(t, dir, o)
		var all []byte
		for _, name := range []string{activity.PatientsFile, activity.StepsFile, activity.ExercisesFile} {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	if !bytes.Equal(text(7), text(7)) {
		t.Error("one seed gave two samples")
	}
	if bytes.Equal(text(7), text(8)) {
		t.Error("two seeds gave one sample")
	}
}

// What Write says of its invalid rows is what stands in the files, and without
// those rows the answer is that of a sample without them.
func TestInvalidRowsStandWhereReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := activity.Sample(500)
	o.Invalid = true
	invalid := write(t, dir, o)
	faults := map[string]bool{}
	for _, i := range invalid {
		faults[i.File+": "+string(i.Fault)] = true
		row, header := line(t, dir, i.File, i.Line), line(t, dir, i.File, 1)
		if got := len(row) != len(header); got != (i.Fault == activity.FieldCount) {
			t.Errorf("%v: %q has %d fields below %d", i, row, len(row), len(header))
		}
		if i.Column == "" {
			continue
		}
		value := row[indexOf(header, i.Column)]
		_, numberErr := strconv.ParseInt(value, 10, 64)
		_, timeErr := time.Parse(timeForm, value)
		if got := numberErr != nil && i.Fault == activity.BadNumber || timeErr != nil && i.Fault == activity.BadTime ||
			i.Fault == activity.DuplicateID || i.Fault == activity.UnknownPatient; !got {
			t.Errorf("%v: nothing is wrong with %q", i, value)
		}
	}
	if len(invalid) != 27 || len(faults) != 3+5+5 {
		t.Errorf("%d invalid rows of the faults %v, want 27 of 13", len(invalid), faults)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	if _, err := activity.Write(context.Background(), t.TempDir(), activity.Options{Patients: 9, StepRows: 20, ExerciseRows: 20}); err == nil {
		t.Error("nine patients are written, want an error")
	}
	if _, err := activity.Write(context.Background(), filepath.Join(t.TempDir(), "none"), activity.Sample(1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder gives %v, want that it does not exist", err)
	}
	stop, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("enough"))
	if _, err := activity.Write(stop, t.TempDir(), activity.Sample(1)); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("a stopped write gives %v, want the cause", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	const rows = 1_000_000
	dir := b.TempDir()
	for b.Loop() {
		if _, err := activity.Write(b.Context(), dir, activity.Sample(rows)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "steprows/s")
}

func write(t *testing.T, dir string, o activity.Options) []activity.Invalid {
	t.Helper()
	invalid, err := activity.Write(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return invalid
}

// read returns the rows of a file by column.
func read(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	header, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, field := range fields {
			row[header[i]] = field
		}
		rows = append(rows, row)
	}
}

func column(rows []map[string]string, name string) []string {
	values := make([]string, len(rows))
	for i, row := range rows {
		values[i] = row[name]
	}
	return values
}

// minutes sums what each patient has of either kind, the newest row of an id.
func minutes(t *testing.T, dir string) (steps, exercises map[string]*big.Rat) {
	t.Helper()
	sum := func(file, amount string, worth *big.Rat) map[string]*big.Rat {
		newest := map[string]map[string]string{}
		for _, row := range read(t, dir, file) {
			if before, ok := newest[row["ID"]]; !ok || instant(t, before).Before(instant(t, row)) {
				newest[row["ID"]] = row
			}
		}
		sums := map[string]*big.Rat{}
		for _, row := range newest {
			value, ok := new(big.Rat).SetString(row[amount])
			if !ok {
				t.Fatalf("%s: %q is no number", file, row[amount])
			}
			patient := row["EXTERNAL_ID"]
			if sums[patient] == nil {
				sums[patient] = new(big.Rat)
			}
			sums[patient].Add(sums[patient], value.Mul(value, worth))
		}
		return sums
	}
	return sum(activity.StepsFile, "STEPS", big.NewRat(2, 1000)), sum(activity.ExercisesFile, "MINUTES", big.NewRat(1, 1))
}

func instant(t *testing.T, row map[string]string) time.Time {
	t.Helper()
	at, err := time.Parse(timeForm, row["UPDATED_AT"])
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func leaders(steps, exercises map[string]*big.Rat) []string {
	totals := map[string]*big.Rat{}
	for _, kind := range []map[string]*big.Rat{steps, exercises} {
		for patient, sum := range kind {
			if totals[patient] == nil {
				totals[patient] = new(big.Rat)
			}
			totals[patient].Add(totals[patient], sum)
		}
	}
	var first []string
	most := new(big.Rat)
	for patient, total := range totals {
		switch total.Cmp(most) {
		case 1:
			first, most = []string{patient}, total
		case 0:
			first = append(first, patient)
		}
	}
	return first
}

// line is a line of a file that holds a row of its own, split into fields.
func line(t *testing.T, dir, name string, number int) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.Split(string(data), "\n")[number-1], ",")
}

func indexOf(header []string, name string) int {
	for i, h := range header {
		if h == name {
			return i
		}
	}
	return -1
}
