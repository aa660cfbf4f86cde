package warehouse

import (
	"context"
	"iter"

	"apotheca/internal/schema"
)

// Warehouse is one database, opened. It is safe for concurrent use.
type Warehouse interface {
	// Conn opens a session. Sessions see one another's committed work.
	Conn(ctx context.Context) (Conn, error)
	Dialect() Dialect
	Close() error
}

// Conn is one session of a database; one goroutine uses it at a time.
//
// A cancelled context interrupts the running statement and the error then
// matches the context's. A failed statement outside a transaction changes
// nothing.
type Conn interface {
	// Exec runs SQL for its effect. Text of several statements runs in order
	// up to the first that fails, and takes no arguments; whether what ran
	// before the failure is kept is the database's own.
	Exec(ctx context.Context, sql string, args ...any) (Result, error)

	// Query runs SQL and streams what its last statement returns. Until the
	// rows are closed the session can do nothing else. Leaving early is cheap
	// for a select outside a transaction; anything else runs to its end.
	Query(ctx context.Context, sql string, args ...any) (*Rows, error)

	// Load appends rows to an existing table by the database's bulk path and
	// returns how many. Each row has one value per column, of the Go type
	// that the column's type is read as (see Rows) or nil. Columns of the
	// table that are not named get their default. An error of the sequence
	// ends the load; nothing is then kept.
	Load(ctx context.Context, table Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error)

	// Transact runs work inside a transaction of this session: committed when
	// work returns nil, rolled back when it returns an error or panics.
	// Transactions do not nest.
	Transact(ctx context.Context, work func(ctx context.Context) error) error

	Close() error
}

// Result is what a database says of a statement it ran.
type Result struct {
	// Rows is the number of rows the last statement changed, -1 when the
	// database does not tell.
	Rows int64
	// Tag is what the database calls the last statement, such as "INSERT 0 7";
	// empty where it has no such word.
	Tag string
}
