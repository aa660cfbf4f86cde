package pipeline

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"
)

// Status is how a run or one of its stages stands.
type Status string

const (
	Running     Status = "running"
	Success     Status = "success"
	Failure     Status = "failure"
	Interrupted Status = "interrupted"
)

// Stage names a step of the pipeline.
type Stage string

const (
	Extract Stage = "extract"
	Compact Stage = "compact"
	Load    Stage = "load"
	Build   Stage = "build"
)

// Stages lists them in the order of the data.
var stages = [...]Stage{Extract, Compact, Load, Build}

// ParseStage reads a stage's name.
func ParseStage(name string) (Stage, error) {
	if i := slices.Index(stages[:], Stage(name)); i >= 0 {
		return stages[i], nil
	}
	return "", fmt.Errorf("no stage is named %q; the stages are extract, compact, load and build", name)
}

// between lists the stages from one to another, both included.
func between(from, to Stage) []Stage {
	first, last := slices.Index(stages[:], from), slices.Index(stages[:], to)
	if first < 0 || last < first {
		return nil
	}
	return stages[first : last+1]
}

// Record is what one run leaves behind. Times are UTC.
type Record struct {
	RunID       string        `json:"run_id"`
	Pipeline    string        `json:"pipeline"`
	RunDate     string        `json:"run_date"`
	Version     string        `json:"version"`
	PID         int           `json:"pid"`
	Status      Status        `json:"status"`
	Error       string        `json:"error,omitempty"`
	StartedAt   time.Time     `json:"started_at"`
	FinishedAt  *time.Time    `json:"finished_at,omitempty"`
	Stages      []StageRecord `json:"stages"`
	Certificate *Certificate  `json:"certificate,omitempty"`
}

func newRecord(o Options, started time.Time) *Record {
	return &Record{
		RunID: newRunID(started), Pipeline: o.Layout.Pipeline, RunDate: o.RunDate,
		Version: o.Version, PID: os.Getpid(), Status: Running, StartedAt: started,
	}
}

// StageRecord is how one stage of a run went.
type StageRecord struct {
	Name            Stage            `json:"name"`
	Status          Status           `json:"status"`
	Error           string           `json:"error,omitempty"`
	StartedAt       time.Time        `json:"started_at"`
	DurationMS      int64            `json:"duration_ms"`
	PeakMemoryBytes int64            `json:"peak_memory_bytes,omitempty"`
	Counts          map[string]int64 `json:"counts,omitempty"`
}

// Journal is the folder of run records.
type Journal struct{ dir string }

// NewJournal keeps its records in dir, which is made when the first is written.
func NewJournal(dir string) Journal { return Journal{dir: dir} }

// newRunID sorts by time and cannot meet another one.
func newRunID(now time.Time) string {
	var unique [3]byte
	rand.Read(unique[:])
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(unique[:])
}

// Write replaces the run's record in one step.
func (j Journal) Write(r *Record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode run record %s: %w", r.RunID, err)
	}
	if err := os.MkdirAll(j.dir, 0o755); err != nil {
		return fmt.Errorf("make folder of run records: %w", err)
	}
	if err := renameio.WriteFile(j.path(r.RunID), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write run record %s: %w", r.RunID, err)
	}
	return nil
}

func (j Journal) path(runID string) string { return filepath.Join(j.dir, runID+".json") }

// Records reads the pipeline's records, the newest first; every pipeline's
// when the name is empty. A run whose process is gone reads as interrupted.
func (j Journal) Records(pipeline string) ([]*Record, error) {
	entries, err := os.ReadDir(j.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read run records: %w", err)
	}
	var records []*Record
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		r, err := readRecord(filepath.Join(j.dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		if pipeline == "" || r.Pipeline == pipeline {
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b *Record) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.RunID, a.RunID))
	})
	return records, nil
}

func readRecord(path string) (*Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read run record: %w", err)
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read run record %s: %w", path, err)
	}
	if r.Status == Running && !alive(r.PID) {
		r.interrupt(fmt.Sprintf("process %d ended without a word", r.PID))
	}
	return &r, nil
}

// interrupt closes what was under way when the process went.
func (r *Record) interrupt(reason string) {
	r.Status, r.Error = Interrupted, reason
	for i := range r.Stages {
		if r.Stages[i].Status == Running {
			r.Stages[i].Status = Interrupted
			r.Stages[i].Error = reason
		}
	}
}

// alive asks the system whether a process of that number runs. Numbers are
// given out again, so a stranger may keep a dead run alive until it ends too.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// Prune deletes the pipeline's oldest records beyond the newest keep.
func (j Journal) Prune(pipeline string, keep int) error {
	records, err := j.Records(pipeline)
	if err != nil || len(records) <= keep {
		return err
	}
	for _, r := range records[keep:] {
		if err := os.Remove(j.path(r.RunID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("prune run records: %w", err)
		}
	}
	return nil
}
