package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Journal remembers when requests were made, so that a process that died and
// was started again keeps the pace. It is a courtesy to the registry and no
// state: it is not synced, since no machine restarts within its window, and a
// line that cannot be read is passed over.
type Journal struct {
	path string
	file *os.File
}

// Journal is kept beside the extracts, in the file "requests".
func (l *Lake) Journal() *Journal {
	return &Journal{path: filepath.Join(filepath.FromSlash(l.dir), "requests")}
}

// Recent gives the times at or after since, oldest first, and forgets older
// ones. A time that lies in the future, because the clock was set back, counts.
func (j *Journal) Recent(since time.Time) ([]time.Time, error) {
	text, err := os.ReadFile(j.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read journal of requests: %w", err)
	}
	var recent []time.Time
	for line := range strings.Lines(string(text)) {
		micros, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if at := time.UnixMicro(micros); err == nil && !at.Before(since) {
			recent = append(recent, at)
		}
	}
	return recent, j.rewrite(recent)
}

func (j *Journal) rewrite(times []time.Time) error {
	if err := j.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(j.path), 0o755); err != nil {
		return fmt.Errorf("write journal of requests: %w", err)
	}
	var text strings.Builder
	for _, at := range times {
		fmt.Fprintln(&text, at.UnixMicro())
	}
	// Beside and renamed: a crash between truncating and writing would forget.
	if err := os.WriteFile(j.path+temporary, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write journal of requests: %w", err)
	}
	if err := os.Rename(j.path+temporary, j.path); err != nil {
		return fmt.Errorf("write journal of requests: %w", err)
	}
	return nil
}

// Record notes a request that is about to begin.
func (j *Journal) Record(at time.Time) error {
	if j.file == nil {
		file, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("note request: %w", err)
		}
		j.file = file
	}
	if _, err := fmt.Fprintln(j.file, at.UnixMicro()); err != nil {
		return fmt.Errorf("note request: %w", err)
	}
	return nil
}

// Close closes the file; the journal may be used again.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}
