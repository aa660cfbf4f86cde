package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// logFile is dbt.log, which is set aside when it has grown too large: dbt.log.1
// is the last one before it.
type logFile struct {
	mu       sync.Mutex
	name     string
	bytesMax int64 // 0 is no limit
	mask     *mask
	file     *os.File
	size     int64
}

// logsKept are the files set aside.
const logsKept = 5

func openLogFile(folder string, bytesMax int64, m *mask) (*logFile, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	l := &logFile{name: filepath.Join(folder, "dbt.log"), bytesMax: bytesMax, mask: m}
	return l, l.reopen()
}

func (l *logFile) reopen() error {
	file, err := os.OpenFile(l.name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write takes whole lines.
func (l *logFile) Write(p []byte) (int, error) {
	text := l.mask.Replace(string(p))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bytesMax > 0 && l.size > 0 && l.size+int64(len(text)) > l.bytesMax {
		if err := l.setAside(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.WriteString(text)
	l.size += int64(n)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (l *logFile) setAside() error {
	if err := l.file.Close(); err != nil {
		return err
	}
	numbered := func(n int) string { return fmt.Sprintf("%s.%d", l.name, n) }
	for n := logsKept - 1; n > 0; n-- {
		_ = os.Rename(numbered(n), numbered(n+1)) // there may be none yet
	}
	if err := os.Rename(l.name, numbered(1)); err != nil {
		return err
	}
	return l.reopen()
}
