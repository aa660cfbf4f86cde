package warehouse

import (
	"context"
	"fmt"
	"time"
)

// Locker is a warehouse that several processes can have open at once. A
// warehouse that is none lets one process in at a time by itself.
type Locker interface {
	// Lock takes schemas, for one writer alone or to be shared by writers who
	// do not disturb each other. It is an error that matches *LockedError when
	// another holder has one of them. The lock ends when it is released, and
	// with the process, however that ends; sessions opened after it are part
	// of it.
	Lock(ctx context.Context, mode LockMode, holder string, schemas ...string) (Lock, error)
}

// LockMode is how many holders a lock may have.
type LockMode string

// The modes of locking.
const (
	Exclusive LockMode = "exclusive"
	Shared    LockMode = "shared"
)

// Lock is the right to write into schemas.
type Lock interface {
	// Held is an error when the lock was lost, as with a lost connection.
	Held(ctx context.Context) error
	Release() error
}

// LockedError says who has a schema.
type LockedError struct {
	Schema string
	Holder string
	Since  time.Time // zero when the database does not tell
}

func (e *LockedError) Error() string {
	since := ""
	if !e.Since.IsZero() {
		since = ", since " + e.Since.UTC().Format("2006-01-02 15:04:05 MST")
	}
	return fmt.Sprintf("schema %s is written by %s%s\nhint: wait until it has ended, then run this again", e.Schema, e.Holder, since)
}
