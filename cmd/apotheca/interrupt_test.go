package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"apotheca/internal/pipeline"
	"apotheca/internal/registry"
)

// TestInterruptedStagesSayHowToGoOn stops a process by Ctrl-C in each of the
// stages that take a while.
func TestInterruptedStagesSayHowToGoOn(t *testing.T) {
	t.Parallel()
	_, url := serve(t, registry.Options{Count: 150})
	dir := t.TempDir()
	mustRun(t, "run", "--dir", dir, "--base-url", url, "--rate", "0")
	for _, stage := range []pipeline.Stage{pipeline.Load, pipeline.Build, pipeline.Extract} {
		// At this rate an extract would take a day.
		c := start(t, dir, stage, "--base-url", url, "--page-size", "50", "--rate", "2/24h")
		c.underWay(t)
		if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		<-c.exited
		if got := c.cmd.ProcessState.ExitCode(); got != exitInterrupted {
			t.Errorf("%s: exit %d, want %d\n%s", stage, got, exitInterrupted, c.out)
		}
		contains(t, c.out.String(), `(?m)^interrupted; the next run continues from what is on disk$`)
		contains(t, c.out.String(), `(?m)^hint: apotheca run clinical-trials --dir \S+ .* goes on from what is on disk$`)
		if got := status(t, dir).LastRun.Status; got != pipeline.Interrupted {
			t.Errorf("%s: status %s, want %s", stage, got, pipeline.Interrupted)
		}
	}
	mustRun(t, "run", "--dir", dir, "--base-url", url, "--rate", "0", "--page-size", "50")
}

// TestSecondRunNamesTheFirst: one run at a time works in a data folder, and
// queries are told who holds the warehouse.
func TestSecondRunNamesTheFirst(t *testing.T) {
	t.Parallel()
	_, url := serve(t, registry.Options{Count: 20})
	dir := t.TempDir()
	c := start(t, dir, pipeline.Extract, "--base-url", url, "--rate", "1/24h")
	c.underWay(t)
	if got := status(t, dir).LastRun.Status; got != pipeline.Running {
		t.Errorf("status of the first run: %s, want %s", got, pipeline.Running)
	}
	var out, errs strings.Builder
	code := newApp(&out, &errs).run(t.Context(), []string{"run", clinicalTrials, "--dir", dir, "--base-url", url})
	if code != exitFailed {
		t.Errorf("second run: exit %d, want %d", code, exitFailed)
	}
	contains(t, errs.String(), fmt.Sprintf(`(?m)^error: .*lock is held by process %d on `, c.cmd.Process.Pid))
	contains(t, errs.String(), `(?m)^hint: wait until it is done`)
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-c.exited
}

// underWay waits until the record of the run's stage is there.
func (c *child) underWay(t *testing.T) {
	t.Helper()
	for len(records(t, c.dir)) == c.runs { // its record is how it tells that it began
		select {
		case <-c.exited:
			t.Fatalf("%s ended before it began\n%s", c.stage, c.out)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
