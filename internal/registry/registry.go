package registry

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultCount is how many studies are generated when nobody says.
const DefaultCount = 2000

// Options say what the registry holds and how it misbehaves.
type Options struct {
	Count int    // studies to generate; 0 is DefaultCount
	Seed  uint64 // the same seed makes the same studies

	// StudiesPath serves the studies of an NDJSON file, plain or .gz, instead
	// of generated ones, as they stand.
	StudiesPath string
	TempDir     string // where a .gz file is unpacked; "" is the system's

	DataTimestamp time.Time // of the first data build; zero is 2026-10-02 09:00:04
	Faults        []Fault
	Log           func(Access) // called once per answered request, from many goroutines
}

// Access is one request as the access log sees it.
type Access struct {
	Method string
	URI    string
	Status int    // 0 when the connection was broken off before an answer
	Bytes  int64  // of the body as sent
	Fault  string // the fault that was put into the answer, "" for none
}

// Registry is the sample registry, an http.Handler. It is safe for use by
// many clients at once.
type Registry struct {
	opts    Options
	faults  *schedule
	current atomic.Pointer[build]
	rebuild sync.Mutex // one new build at a time
	order   sortedSlots
	last    lastPage

	requests atomic.Int64
	pages    atomic.Int64
	closed   chan struct{}
	closing  sync.Once
	close    func() error
}

// New opens a registry with its first data build. Close frees what it holds.
func New(opts Options) (*Registry, error) {
	if opts.Count < 0 || opts.Count > maxGenerated {
		return nil, fmt.Errorf("registry: %d studies asked for\nhint: give a count from 1 to %d", opts.Count, maxGenerated)
	}
	if opts.Count == 0 {
		opts.Count = DefaultCount
	}
	if opts.DataTimestamp.IsZero() {
		opts.DataTimestamp = time.Date(2026, time.October, 2, 9, 0, 4, 0, time.UTC)
	}
	r := &Registry{opts: opts, faults: newSchedule(opts.Faults), closed: make(chan struct{})}
	first, err := r.firstBuild()
	if err != nil {
		return nil, err
	}
	first.tokens = first.tokenID()
	r.current.Store(first)
	return r, nil
}

func (r *Registry) firstBuild() (*build, error) {
	b := &build{seed: r.opts.Seed, timestamp: r.opts.DataTimestamp.UTC()}
	if r.opts.StudiesPath == "" {
		b.base = &generator{seed: r.opts.Seed, count: r.opts.Count}
		b.extra = &generator{seed: r.opts.Seed, offset: r.opts.Count}
		b.versionHolder = dayOf(b.timestamp).String()
		return b, nil
	}
	f, err := openFile(r.opts.StudiesPath, r.opts.TempDir)
	if err != nil {
		return nil, err
	}
	r.close = f.close
	b.base = f
	b.extra = &generator{seed: r.opts.Seed, idBase: 90_000_000}
	return b, nil
}

// Close ends hanging answers and removes temporary files.
func (r *Registry) Close() error {
	r.closing.Do(func() { close(r.closed) })
	if r.close == nil {
		return nil
	}
	return r.close()
}

// Requests is how many requests came, those answered with a fault included.
func (r *Registry) Requests() int { return int(r.requests.Load()) }

// PageRequests is how many of them asked for a page of studies.
func (r *Registry) PageRequests() int { return int(r.pages.Load()) }

// Studies is how many studies the current data build holds.
func (r *Registry) Studies() int { return r.current.Load().live() }

// DataTimestamp is that of the current data build.
func (r *Registry) DataTimestamp() time.Time { return r.current.Load().timestamp }
