package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestJournalGivesBackWhatWasWrittenNewestFirst(t *testing.T) {
	t.Parallel()
	j := NewJournal(filepath.Join(t.TempDir(), "state", "runs"))
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	older := &Record{RunID: "1", Pipeline: "p", Status: Success, StartedAt: at, PID: os.Getpid()}
	newer := &Record{RunID: "2", Pipeline: "p", Status: Failure, Error: "why", StartedAt: at.Add(time.Hour), PID: os.Getpid(),
		Stages: []StageRecord{{Name: Extract, Status: Failure, StartedAt: at, Counts: map[string]int64{"pages": 3}}}}
	other := &Record{RunID: "3", Pipeline: "q", Status: Success, StartedAt: at.Add(2 * time.Hour), PID: os.Getpid()}
	for _, r := range []*Record{newer, older, other} {
		if err := j.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*Record{newer, older}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestRunWhoseProcessIsGoneReadsAsInterrupted(t *testing.T) {
	t.Parallel()
	j := NewJournal(t.TempDir())
	const nobody = 1 << 30 // above the largest process number Linux gives
	r := &Record{RunID: "1", Pipeline: "p", Status: Running, PID: nobody, StartedAt: time.Now(),
		Stages: []StageRecord{{Name: Extract, Status: Success}, {Name: Compact, Status: Running}}}
	if err := j.Write(r); err != nil {
		t.Fatal(err)
	}
	records, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	got := []Status{records[0].Status, records[0].Stages[0].Status, records[0].Stages[1].Status}
	if diff := cmp.Diff([]Status{Interrupted, Success, Interrupted}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestDamagedRecordIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.json")
	if err := os.WriteFile(path, []byte(`{"run_id": `), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := NewJournal(dir).Records(""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("reading a damaged record: got %v, want an error that names %s", err, path)
	}
}

func TestPruneKeepsTheNewest(t *testing.T) {
	t.Parallel()
	j := NewJournal(t.TempDir())
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for i, id := range []string{"a", "b", "c"} {
		r := &Record{RunID: id, Pipeline: "p", Status: Success, StartedAt: at.Add(time.Duration(i) * time.Minute), PID: os.Getpid()}
		if err := j.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Prune("p", 2); err != nil {
		t.Fatal(err)
	}
	records, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, r.RunID)
	}
	if diff := cmp.Diff([]string{"c", "b"}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
