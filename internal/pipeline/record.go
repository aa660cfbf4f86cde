package pipeline

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"
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

// between lists those of the stages from one to another, both included.
func between(of []Stage, from, to Stage) []Stage {
	first, last := slices.Index(of, from), slices.Index(of, to)
	if first < 0 || last < first {
		return nil
	}
	return of[first : last+1]
}

// Record is what one run leaves behind. Times are UTC.
type Record struct {
	RunID       string        `json:"run_id"`
	Pipeline    string        `json:"pipeline"`
	RunDate     string        `json:"run_date"`
	Target      string        `json:"target,omitempty"` // output of profiles.yml: which warehouse
	Version     string        `json:"version"`
	PID         int           `json:"pid"`
	Status      Status        `json:"status"`
	Error       string        `json:"error,omitempty"`
	Reads       string        `json:"reads,omitempty"`  // flags that make another run read the same registry
	Folder      string        `json:"folder,omitempty"` // that declares the pipeline; empty for one that is built in
	StartedAt   time.Time     `json:"started_at"`
	FinishedAt  *time.Time    `json:"finished_at,omitempty"`
	Stages      []StageRecord `json:"stages"`
	Certificate *Certificate  `json:"certificate,omitempty"`
	// Answer is for who started the run. It is never written: it may hold
	// personal data.
	Answer *Answer `json:"-"`
}

func newRecord(o Options, started time.Time) *Record {
	return &Record{
		RunID: newRunID(started), Pipeline: o.Layout.Pipeline, RunDate: o.RunDate,
		Target: o.Target, Version: o.Version, PID: os.Getpid(), Status: Running, Reads: o.Reads,
		Folder: o.Folder, StartedAt: started,
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
	Extract         string           `json:"extract,omitempty"` // of the lake
	Counts          map[string]int64 `json:"counts,omitempty"`
}

// newRunID sorts by time and cannot meet another one.
func newRunID(now time.Time) string {
	var unique [3]byte
	rand.Read(unique[:])
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(unique[:])
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
