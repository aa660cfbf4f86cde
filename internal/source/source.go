package source

import (
	"context"
	"encoding/json"
	"time"
)

// Pager reads one registry. Its methods are called by one goroutine at a time.
type Pager interface {
	// Page reads the page that cursor points at; the empty cursor is the first.
	Page(ctx context.Context, cursor string) (Page, error)
	// Version says which build of its data the registry serves.
	Version(ctx context.Context) (Version, error)
}

// Page is one answer of the registry.
type Page struct {
	// Records are the studies as they came, byte for byte.
	Records []json.RawMessage
	// Next is the cursor of the following page, empty after the last one.
	Next string
	// Total is the number of studies the whole reading has, or TotalUnknown.
	Total int
}

// TotalUnknown is the Total of every page but the first.
const TotalUnknown = -1

// Version names a build of the registry's data. Cursors belong to a build.
type Version struct {
	API           string
	DataTimestamp string
}

// Clock tells the time and waits. Pace and Retry know no other time.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the clock of the machine.
type SystemClock struct{}

// Now is the time of the machine.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits for d, or until ctx ends and then says why it did.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
