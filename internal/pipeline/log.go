package pipeline

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"apotheca/internal/build"
)

// runLog keeps what a run says, line by line with the time, and passes it on
// to the reporter the run was given. It is locked while its run lives: so
// another process knows, whatever number the process had, and wherever it was.
type runLog struct {
	Reporter
	file *os.File
	now  func() time.Time
	mask func(string) string // nil for none
	err  error               // the first that kept a line from being written
}

func openLog(o Options, runID string) (*runLog, error) {
	if err := os.MkdirAll(o.Layout.Logs(), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of logs: %w", err)
	}
	file, err := os.OpenFile(o.Layout.Log(runID), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	// Where files cannot be locked, the number of the process has to do.
	_ = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return &runLog{Reporter: o.Reporter, file: file, now: o.Now, mask: o.Mask}, nil
}

// isAlive reports whether the process of a run still runs.
func isAlive(log string, pid int) bool {
	file, err := os.Open(log)
	if err == nil {
		defer file.Close()
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	}
	switch {
	case err == nil:
		return false
	case errors.Is(err, syscall.EWOULDBLOCK):
		return true
	}
	// No log, or no locks: numbers of processes are given out again, so a
	// stranger may keep a dead run alive until it ends too.
	err = syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// close says whether every line was written.
func (l *runLog) close() error {
	if err := errors.Join(l.err, l.file.Close()); err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

func (l *runLog) line(format string, args ...any) {
	text := strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", "\n    ")
	if l.mask != nil {
		text = l.mask(text)
	}
	if _, err := fmt.Fprintf(l.file, "%s %s\n", l.now().UTC().Format(time.RFC3339), text); err != nil && l.err == nil {
		l.err = err
	}
}

// Started implements Reporter.
func (l *runLog) Started(stage Stage) {
	l.line("%s: started", stage)
	l.Reporter.Started(stage)
}

// Note implements Reporter.
func (l *runLog) Note(stage Stage, text string) {
	l.line("%s: %s", stage, text)
	l.Reporter.Note(stage, text)
}

// Finished implements Reporter.
func (l *runLog) Finished(s StageRecord) {
	text := s.Error
	if text == "" {
		text = s.Summary()
	}
	l.line("%s: %s after %s: %s", s.Name, s.Status, time.Duration(s.DurationMS)*time.Millisecond, text)
	l.Reporter.Finished(s)
}

// Node implements Reporter. What went well is in dbt's artifacts.
func (l *runLog) Node(e build.Event) {
	if e.Kind == build.NodeFinished && (e.Result.Failed() || e.Result.Status == build.Warn || e.Result.Status == build.Skipped) {
		l.line("%s: %s %s: %s", Build, e.Result.Status, e.Result.Name(), e.Result.Message)
	}
	l.Reporter.Node(e)
}
