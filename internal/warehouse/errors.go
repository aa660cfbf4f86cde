package warehouse

import "errors"

// What a database may refuse whatever the SQL says. A driver's error matches
// one of these with errors.Is where the caller can do something about it.
var (
	// ErrConnectionLost: the session is gone and a new one is needed.
	ErrConnectionLost = errors.New("connection lost")
	// ErrConflict: another session was in the way; the same work may pass
	// when it is done again.
	ErrConflict = errors.New("conflict with another session")
	// ErrTimeout: a time limit of the database ended the statement.
	ErrTimeout = errors.New("time limit of the database")
	// ErrDiskFull: the database has no room left.
	ErrDiskFull = errors.New("disk full")
	// ErrPermission: the role may not do this.
	ErrPermission = errors.New("permission denied")
)
