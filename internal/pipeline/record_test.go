package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestJournalGivesBackWhatWasWrittenNewestFirst(t *testing.T) {
	t.Parallel()
	j := NewJournal(Layout{Root: t.TempDir()})
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
	got, _, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*Record{newer, older}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestRunWhoseProcessIsGoneReadsAsInterrupted(t *testing.T) {
	t.Parallel()
	j := NewJournal(Layout{Root: t.TempDir()})
	const nobody = 1 << 30 // above the largest process number Linux gives
	r := &Record{RunID: "1", Pipeline: "p", Status: Running, PID: nobody, StartedAt: time.Now(),
		Stages: []StageRecord{{Name: Extract, Status: Success}, {Name: Compact, Status: Running}}}
	if err := j.Write(r); err != nil {
		t.Fatal(err)
	}
	records, _, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	got := []Status{records[0].Status, records[0].Stages[0].Status, records[0].Stages[1].Status}
	if diff := cmp.Diff([]Status{Interrupted, Success, Interrupted}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

// A record that a disk damaged is named, and keeps nobody from the others.
func TestDamagedRecordIsNamed(t *testing.T) {
	t.Parallel()
	l := Layout{Root: t.TempDir(), Pipeline: "p"}
	j := NewJournal(l)
	for i, id := range []string{"a", "b"} {
		r := &Record{RunID: id, Pipeline: "p", Status: Success, StartedAt: time.Unix(int64(i), 0), PID: os.Getpid()}
		if err := j.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(l.Runs(), "x.json")
	if err := os.WriteFile(path, []byte(`{"run_id": `), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := ReadStatus(l, stages[:], "")
	if err != nil {
		t.Fatal(err)
	}
	if s.LastRun.RunID != "b" || len(s.Unreadable) != 1 || !strings.Contains(s.Unreadable[0], path) {
		t.Errorf("status beside a damaged record: last run %s, unreadable %q; want b and %s", s.LastRun.RunID, s.Unreadable, path)
	}
	if err := j.Prune("p", 1); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("pruning took the damaged record: %v", err)
	}
}

// The number of a process that was killed may be another's by now, or that of
// whoever asks, as in a container where everyone is process 1.
func TestRunOfAStrangersProcessNumberReadsAsInterrupted(t *testing.T) {
	t.Parallel()
	l := Layout{Root: t.TempDir(), Pipeline: "p"}
	j := NewJournal(l)
	log, err := openLog(Options{Layout: l, Now: time.Now}, "1")
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Write(&Record{RunID: "1", Pipeline: "p", Status: Running, PID: os.Getpid()}); err != nil {
		t.Fatal(err)
	}
	status := func() Status {
		s, err := ReadStatus(l, stages[:], "")
		if err != nil {
			t.Fatal(err)
		}
		return s.LastRun.Status
	}
	if got := status(); got != Running {
		t.Errorf("while the run has its log open: %s, want %s", got, Running)
	}
	if err := log.close(); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != Interrupted {
		t.Errorf("after its end: %s, want %s", got, Interrupted)
	}
}

func TestPruneKeepsTheNewest(t *testing.T) {
	t.Parallel()
	j := NewJournal(Layout{Root: t.TempDir()})
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	for i, id := range []string{"a", "b", "c"} {
		r := &Record{RunID: id, Pipeline: "p", Status: Success, StartedAt: at.Add(time.Duration(i) * time.Minute), PID: os.Getpid()}
		log, err := openLog(Options{Layout: j.layout, Now: time.Now}, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(j.Write(r), log.close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Prune("p", 2); err != nil {
		t.Fatal(err)
	}
	records, _, err := j.Records("p")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, r.RunID)
	}
	logs, err := os.ReadDir(j.layout.Logs())
	if err != nil || len(logs) != 2 {
		t.Errorf("%d logs are left of 3 runs, want those of the 2 that are kept (%v)", len(logs), err)
	}
	if diff := cmp.Diff([]string{"c", "b"}, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
