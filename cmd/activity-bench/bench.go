package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"apotheca/internal/activity"
	"apotheca/internal/timing"
)

// large is from how many step rows on both run once only.
const large = 100_000_000

// bench runs both over the files of one size.
type bench struct {
	apotheca, self string
	dir            string
	progress       io.Writer
}

// runRecord is what the benchmark reads of `apotheca run --json`.
type runRecord struct {
	Stages []struct {
		Name       string `json:"name"`
		DurationMS int64  `json:"duration_ms"`
		Peak       int64  `json:"peak_memory_bytes"`
	} `json:"stages"`
	Answer []winner `json:"answer"`
}

// winner is a row of the answer.
type winner struct {
	PatientID int64       `json:"patient_id"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Country   string      `json:"country"`
	Minutes   json.Number `json:"total_minutes"`
}

func (b *bench) files() string { return filepath.Join(b.dir, "files") }

// measure writes the files and runs both over them in turn, so that a machine
// that slows down does so for both.
func (b *bench) measure(ctx context.Context, rows, repeat int) (result, error) {
	fmt.Fprintf(b.progress, "writing %d step rows\n", rows)
	if err := os.Mkdir(b.files(), 0o755); err != nil {
		return result{}, fmt.Errorf("make a folder for the files: %w", err)
	}
	if _, err := activity.Write(ctx, b.files(), activity.Sample(rows)); err != nil {
		return result{}, err
	}
	r := result{Rows: rows}
	for i := range repeat {
		fmt.Fprintf(b.progress, "run %d of %d: DuckDB alone, then apotheca\n", i+1, repeat)
		theirs, want, err := b.runRival(ctx)
		if err != nil {
			return result{}, err
		}
		ours, record, err := b.runApotheca(ctx)
		if err != nil {
			return result{}, err
		}
		if !slices.Equal(want, record.Answer) {
			return result{}, fmt.Errorf("the answers differ: DuckDB alone %v, apotheca %v", want, record.Answer)
		}
		r.take(i == 0, ours, theirs, record)
	}
	return r, nil
}

// runRival runs DuckDB alone.
func (b *bench) runRival(ctx context.Context) (timing.Sample, []winner, error) {
	s, out, err := timing.Run(exec.CommandContext(ctx, b.self, rivalCommand, b.files()))
	if err != nil {
		return s, nil, err
	}
	var answer []winner
	if err := json.Unmarshal(out, &answer); err != nil {
		return s, nil, fmt.Errorf("read the answer of DuckDB alone: %w", err)
	}
	return s, sorted(answer), nil
}

// runApotheca runs the pipeline into an empty data folder.
func (b *bench) runApotheca(ctx context.Context) (timing.Sample, runRecord, error) {
	var record runRecord
	data := filepath.Join(b.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return timing.Sample{}, record, fmt.Errorf("empty the data folder: %w", err)
	}
	cmd := exec.CommandContext(ctx, b.apotheca, "run", "patient-activity", "--json", "--dir", data,
		"--patients", filepath.Join(b.files(), activity.PatientsFile),
		"--steps", filepath.Join(b.files(), activity.StepsFile),
		"--exercises", filepath.Join(b.files(), activity.ExercisesFile))
	cmd.Dir = b.dir // where there is no apotheca.yml
	s, out, err := timing.Run(cmd)
	if err != nil {
		return s, record, err
	}
	if err := json.Unmarshal(out, &record); err != nil {
		return s, record, fmt.Errorf("read the record of the run: %w", err)
	}
	// The program has the kernel count each stage's peak anew.
	for _, stage := range record.Stages {
		s.Peak = max(s.Peak, stage.Peak)
	}
	record.Answer = sorted(record.Answer)
	return s, record, nil
}

func sorted(answer []winner) []winner {
	slices.SortFunc(answer, func(a, b winner) int { return int(a.PatientID - b.PatientID) })
	return answer
}

// result is one size: the best run of each.
type result struct {
	Rows   int              `json:"rows"`
	Ours   measured         `json:"apotheca"`
	Theirs measured         `json:"duckdb"`
	Ratio  float64          `json:"ratio"`            // of our time to theirs
	Stages map[string]stage `json:"stages,omitempty"` // of our best run
	sample [2]timing.Sample // ours, theirs
}

// measured is what one of the two took.
type measured struct {
	Seconds       float64 `json:"seconds"`
	CPUSeconds    float64 `json:"cpu_seconds"`
	RowsPerSecond float64 `json:"rows_per_second"`
	Peak          int64   `json:"peak_memory_bytes"`
}

type stage struct {
	Seconds float64 `json:"seconds"`
	Peak    int64   `json:"peak_memory_bytes"`
}

// take counts a run of both in.
func (r *result) take(first bool, ours, theirs timing.Sample, record runRecord) {
	if first || ours.Wall < r.sample[0].Wall {
		r.Stages = map[string]stage{}
		for _, s := range record.Stages {
			r.Stages[s.Name] = stage{Seconds: (time.Duration(s.DurationMS) * time.Millisecond).Seconds(), Peak: s.Peak}
		}
	}
	if !first {
		ours, theirs = r.sample[0].Best(ours), r.sample[1].Best(theirs)
	}
	r.sample = [2]timing.Sample{ours, theirs}
	r.Ours, r.Theirs = r.measured(ours), r.measured(theirs)
	r.Ratio = ours.Wall.Seconds() / theirs.Wall.Seconds()
}

func (r *result) measured(s timing.Sample) measured {
	return measured{Seconds: s.Wall.Seconds(), CPUSeconds: s.CPU.Seconds(),
		RowsPerSecond: float64(r.Rows) / s.Wall.Seconds(), Peak: s.Peak}
}

const tableHead = `| step rows | Apotheca | DuckDB alone | ratio | of processor time | Apotheca, rows/s | DuckDB, rows/s | extract | load | build | Apotheca, peak memory | DuckDB, peak memory |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|`

func (r result) String() string {
	return fmt.Sprintf("| %d | %s | %s | %.2f | %.2f | %.0f | %.0f | %.1f s | %.1f s | %.1f s | %d MB | %d MB |",
		r.Rows, r.sample[0].Text(), r.sample[1].Text(), r.Ratio, r.Ours.CPUSeconds/r.Theirs.CPUSeconds, r.Ours.RowsPerSecond, r.Theirs.RowsPerSecond,
		r.Stages["extract"].Seconds, r.Stages["load"].Seconds, r.Stages["build"].Seconds, r.Ours.Peak>>20, r.Theirs.Peak>>20)
}
