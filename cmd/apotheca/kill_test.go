package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/pipeline"
	"apotheca/internal/registry"
)

// TestKilledRunsTellTheTruthAndTheNextCompletes kills runs at random points of
// load and build. Each time the status says interrupted, every table is the
// one from before the run or the one from after it, and the next run over what
// is left is green.
func TestKilledRunsTellTheTruthAndTheNextCompletes(t *testing.T) {
	t.Parallel()
	r, url := serve(t, registry.Options{Count: 150})
	before, after := t.TempDir(), t.TempDir()
	runGreen(t, before, url, "2026-11-01")
	if err := r.Rebuild(registry.Edit{Changed: 30, Removed: 10, Added: 25}); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "extract", "--dir", before, "--base-url", url, "--rate", "0")
	mustRun(t, "compact", "--dir", before)
	copyTree(t, before, after)
	old := everyTable(t, before)
	mustRun(t, "run", "--dir", after, "--from", "load", "--run-date", "2026-11-01")
	new := everyTable(t, after)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 2 {
		dir := t.TempDir()
		copyTree(t, before, dir)
		kill := func(stage pipeline.Stage, within time.Duration) {
			if killDuring(t, dir, stage, time.Duration(random.Int64N(int64(within)))) {
				statusAfterKill(t, dir, stage)
			}
			for table, got := range everyTable(t, dir) {
				_, known := new[table] // others are leftovers, which the next run removes
				if known && got != old[table] && got != new[table] {
					t.Errorf("killed during %s: %s is neither the table from before the run nor the one from after", stage, table)
				}
			}
		}
		for range 3 {
			kill(pipeline.Load, time.Second)
		}
		mustRun(t, "load", "--dir", dir)
		for range 3 {
			kill(pipeline.Build, 2*time.Second)
		}
		mustRun(t, "run", "--dir", dir, "--from", "load", "--run-date", "2026-11-01")
		if diff := cmp.Diff(new, everyTable(t, dir)); diff != "" {
			t.Errorf("killed and run again (-undisturbed +again):\n%s", diff)
		}
	}
}

// killDuring starts a stage and kills it a moment after it is under way. It
// reports false if the stage was faster.
func killDuring(t *testing.T, dir string, stage pipeline.Stage, then time.Duration) bool {
	t.Helper()
	c := start(t, dir, stage, "--run-date", "2026-11-01")
	c.underWay(t)
	select {
	case <-c.exited:
		return false
	case <-time.After(then): // the random point
	}
	if err := c.cmd.Process.Kill(); err != nil {
		t.Log(err) // it has just ended
	}
	<-c.exited
	return c.cmd.ProcessState.ExitCode() != exitOK
}

// child is the program in a process of its own, at work on one stage.
type child struct {
	cmd    *exec.Cmd
	out    *bytes.Buffer // to be read once it exited
	exited chan struct{}
	dir    string
	stage  pipeline.Stage
	runs   int // that were on record before
}

func start(t *testing.T, dir string, stage pipeline.Stage, flags ...string) *child {
	t.Helper()
	c := &child{out: new(bytes.Buffer), exited: make(chan struct{}), dir: dir, stage: stage, runs: len(records(t, dir))}
	c.cmd = exec.Command(os.Args[0], append([]string{string(stage), clinicalTrials, "--dir", dir}, flags...)...)
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it ended, unless the test failed
	go func() {
		_ = c.cmd.Wait() // its state says how it ended
		close(c.exited)
	}()
	return c
}

func records(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "state", "runs", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func statusAfterKill(t *testing.T, dir string, stage pipeline.Stage) {
	t.Helper()
	last := status(t, dir).LastRun
	if last.Status != pipeline.Interrupted {
		t.Errorf("killed during %s: the status is %s, want %s", stage, last.Status, pipeline.Interrupted)
	}
	for _, s := range last.Stages {
		if s.Name != stage || s.Status != pipeline.Interrupted {
			t.Errorf("killed during %s: stage %s is %s", stage, s.Name, s.Status)
		}
	}
	if last.Certificate != nil {
		t.Errorf("killed during %s: there is a certificate", stage)
	}
}

func status(t *testing.T, dir string) *pipeline.PipelineStatus {
	t.Helper()
	var s pipeline.PipelineStatus
	if err := json.Unmarshal([]byte(mustCommand(t, "status", "--dir", dir, "--json")), &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

func mustRun(t *testing.T, command string, flags ...string) string {
	t.Helper()
	return mustCommand(t, append([]string{command, clinicalTrials}, flags...)...)
}

func mustCommand(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs strings.Builder
	if code := run(t.Context(), args, nil, &out, &errs); code != exitOK {
		t.Fatalf("%s: exit %d\n%s\n%s", strings.Join(args, " "), code, &out, &errs)
	}
	return out.String()
}

// everyTable is a digest of each table a run makes, and so of their names:
// what a killed run left over would show.
func everyTable(t *testing.T, dir string) map[string]string {
	t.Helper()
	names := strings.Fields(query(t, dir, `select table_schema || '.' || table_name as name
		from information_schema.tables where table_type = 'BASE TABLE' order by 1`))[1:]
	selects := make([]string, len(names))
	for i, name := range names {
		selects[i] = "select '" + name + "' as name, count(*) as n, bit_xor(hash(t)) as digest from " + name + " as t"
	}
	tables := map[string]string{}
	for _, line := range strings.Fields(query(t, dir, strings.Join(selects, " union all ")))[1:] {
		name, digest, _ := strings.Cut(line, ",")
		tables[name] = digest
	}
	return tables
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(to, ""), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
