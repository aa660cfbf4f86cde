package lake

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// LockedError says that another process writes into the lake.
type LockedError struct {
	Path   string
	Holder string // such as "process 4711 on host"; empty when it cannot be told
}

func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "another process"
	}
	return fmt.Sprintf("%s is held by %s\nhint: wait until it is done, or use another --dir", e.Path, holder)
}

// Lock is the right to write into a lake.
type Lock struct{ lock *flock.Flock }

// Lock takes the right to write, or says who has it. It belongs to the
// process: the operating system takes it back however the process ends.
func (l *Lake) Lock() (*Lock, error) {
	dir := filepath.FromSlash(l.dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock lake: %w", err)
	}
	path := filepath.Join(dir, "lock")
	lock := flock.New(path)
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock lake: %w", err)
	}
	if !held {
		text, _ := os.ReadFile(path) // who holds it is a courtesy
		return nil, &LockedError{Path: path, Holder: strings.TrimSpace(string(text))}
	}
	if err := sign(path); err != nil {
		return nil, fmt.Errorf("lock lake: %w", err)
	}
	return &Lock{lock}, nil
}

// sign writes into the lock file whose it is, for LockedError to tell.
func sign(path string) error {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return os.WriteFile(path, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0o644)
}

// Unlock gives the right back.
func (l *Lock) Unlock() error { return l.lock.Unlock() }
