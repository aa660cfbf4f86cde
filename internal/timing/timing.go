// Package timing runs programs and reads off the kernel's accounts what they
// took: time, processor time and memory. The benchmarks of the repository are
// made of it; no part of the program is.
//
// It refuses to judge: what is run, how often, and which run counts, the
// benchmarks know.
package timing

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Sample is what a run took, or the best of several.
type Sample struct {
	Wall time.Duration
	CPU  time.Duration // of all threads, the kernel's part included
	Peak int64         // resident memory, in bytes
}

// Run runs a program for what it took and what it wrote on standard output.
// Whatever it wrote is in the error of one that fails.
func Run(cmd *exec.Cmd) (Sample, []byte, error) {
	var output, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &errors
	start := time.Now()
	err := cmd.Run()
	s := Sample{Wall: time.Since(start)}
	if err != nil {
		return s, nil, fmt.Errorf("run %s %s: %w\n%s%s",
			filepath.Base(cmd.Path), strings.Join(cmd.Args[1:], " "), err, errors.Bytes(), output.Bytes())
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.Peak = usage.Maxrss << 10 // the kernel counts in kilobytes
	}
	return s, output.Bytes(), nil
}

// Best is the sample that counts of two: the shorter time, the higher peak.
func (s Sample) Best(other Sample) Sample {
	best := s
	if other.Wall < s.Wall {
		best = other
	}
	best.Peak = max(s.Peak, other.Peak)
	return best
}

// Text is the time for people.
func (s Sample) Text() string {
	if s.Wall < time.Second {
		return fmt.Sprintf("%d ms", s.Wall.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", s.Wall.Seconds())
}
