package activity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
)

// The files that Write writes.
const (
	PatientsFile  = "patients.csv"
	StepsFile     = "steps.csv"
	ExercisesFile = "exercises.csv"
)

// The least that leaves room for every kind of patient and every awkward row.
const (
	PatientsMin = 10
	RowsMin     = 20
)

// Options are what the files shall hold.
type Options struct {
	Seed         uint64
	Patients     int
	StepRows     int
	ExerciseRows int

	Awkward bool // valid rows that are easily read wrongly, among the rest
	CRLF    bool // lines end as on Windows
	Invalid bool // rows that no reader should take, beside the rest
}

// Sample are the options of a sample with that many step rows; real files
// hold 120 of them, and 30 exercises, for each patient.
func Sample(stepRows int) Options {
	return Options{
		Seed:         1,
		Patients:     max(PatientsMin, stepRows/120),
		StepRows:     max(RowsMin, stepRows),
		ExerciseRows: max(RowsMin, stepRows/4),
		Awkward:      true,
	}
}

// SampleStepRows is the size of a sample that nobody asked another size of.
const SampleStepRows = 12_000

// Invalid is a row that no reader should take.
type Invalid struct {
	File   string
	Line   int    // of the file, from 1, where the row begins
	Column string // as the header has it; empty when the row as a whole is wrong
	Fault  Fault
}

// Fault says what is wrong with a row.
type Fault string

// What can be wrong with a row.
const (
	BadNumber      Fault = "bad number"
	BadTime        Fault = "bad time"
	FieldCount     Fault = "wrong number of fields"
	DuplicateID    Fault = "duplicate id" // with the same updated_at and other values: none of the two is newer
	UnknownPatient Fault = "unknown patient"
)

// Write writes the three files into a folder that exists, over files of the
// same names, and returns the invalid rows in the order in which it wrote
// them: none unless the options ask for them.
func Write(ctx context.Context, dir string, o Options) ([]Invalid, error) {
	if o.Patients < PatientsMin || o.StepRows < RowsMin || o.ExerciseRows < RowsMin {
		return nil, fmt.Errorf("write sample of %d patients, %d step rows and %d exercise rows: less than %d, %d and %d",
			o.Patients, o.StepRows, o.ExerciseRows, PatientsMin, RowsMin, RowsMin)
	}
	var s sample
	err := s.open(dir, o)
	if err == nil {
		err = s.write(ctx)
	}
	if closeErr := s.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("write sample: %w", err)
	}
	return s.invalid, nil
}

// sample is a sample being written.
type sample struct {
	Options

	dice      *rand.Rand
	calendar  calendar
	patients  *file
	steps     *file
	exercises *file

	thousandths []int64 // of minutes so far, by patient
	invalid     []Invalid
}

func (s *sample) open(dir string, o Options) error {
	*s = sample{
		Options:     o,
		dice:        rand.New(rand.NewPCG(o.Seed, 0)),
		calendar:    newCalendar(),
		thousandths: make([]int64, o.Patients),
	}
	for _, f := range []struct {
		into *(*file)
		name string
	}{{&s.patients, PatientsFile}, {&s.steps, StepsFile}, {&s.exercises, ExercisesFile}} {
		created, err := create(filepath.Join(dir, f.name), o.CRLF)
		if err != nil {
			return err
		}
		*f.into = created
	}
	return nil
}

// write writes the three files. The rows that let two patients share the first
// place come last, when all other sums are known.
func (s *sample) write(ctx context.Context) error {
	if err := s.writePatients(ctx); err != nil {
		return err
	}
	s.steps.line("ID,EXTERNAL_ID,STEPS,SUBMISSION_TIME,UPDATED_AT")
	s.exercises.line("ID,EXTERNAL_ID,MINUTES,COMPLETED_AT,UPDATED_AT")
	if s.Invalid {
		s.writeInvalid()
	}
	steps, exercises := numbering{last: s.StepRows - winners}, numbering{last: s.ExerciseRows - winners}
	if s.Awkward {
		s.writeAwkward(&steps, &exercises)
	}
	if err := s.writeSteps(ctx, steps); err != nil {
		return err
	}
	if err := s.writeExercises(ctx, exercises); err != nil {
		return err
	}
	s.writeWinners()
	return nil
}

func (s *sample) close() error {
	var first error
	for _, f := range []*file{s.patients, s.steps, s.exercises} {
		if f == nil {
			continue
		}
		if err := f.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
