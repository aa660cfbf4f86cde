package duckdb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"apotheca/internal/warehouse"
)

// Options say which database to open and what it may use.
type Options struct {
	// Path of the file; empty means in memory.
	Path string
	// MemoryLimit bounds what DuckDB's buffers hold, as DuckDB spells sizes:
	// "512MB". Empty leaves DuckDB's default, 80 % of the machine.
	MemoryLimit string
	// Threads bounds DuckDB's own parallelism; 0 leaves its default.
	Threads int
	// TempDirectory is where it spills to; empty means beside the file.
	TempDirectory string
	// ReadOnly opens an existing file without the right to change it; many
	// processes may.
	ReadOnly bool
}

// rowGroupRows is how many rows DuckDB gathers before it compresses and writes
// them. Its default of 122,880 means more than a gigabyte of them when a row is
// a whole study.
const rowGroupRows = 16_384

// Warehouse is an open DuckDB database.
type Warehouse struct {
	connector *duckdb.Connector
	catalog   string // of the file, empty in memory
}

var _ warehouse.Warehouse = (*Warehouse)(nil)

// Open opens the database, creating the file when there is none. A process must
// have a file open only once at a time: DuckDB's lock keeps other processes out.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	connector, err := duckdb.NewConnector(":memory:", nil)
	if err != nil {
		return nil, openError(o.Path, err)
	}
	w := &Warehouse{connector: connector}
	if err := w.configure(ctx, o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Dialect is DuckDB's.
func (w *Warehouse) Dialect() warehouse.Dialect { return Dialect() }

// Close closes the file once every session is closed.
func (w *Warehouse) Close() error { return w.connector.Close() }

// configure sets what holds for the whole database. Loading extensions on
// demand is switched off because the attempt to fetch one costs a second and
// fails where there is no network.
func (w *Warehouse) configure(ctx context.Context, o Options) error {
	conn, err := w.Conn(ctx)
	if err != nil {
		return err
	}
	settings := []struct{ name, value string }{
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"memory_limit", o.MemoryLimit},
		{"temp_directory", o.TempDirectory},
	}
	if o.TempDirectory == "" && o.Path != "" {
		settings[3].value = o.Path + ".tmp"
	}
	if o.Threads > 0 {
		settings = append(settings, struct{ name, value string }{"threads", fmt.Sprint(o.Threads)})
	}
	for _, s := range settings {
		if s.value == "" {
			continue
		}
		if _, err := conn.Exec(ctx, "set global "+s.name+" = "+warehouse.StringLiteral(s.value)); err != nil {
			return errors.Join(fmt.Errorf("open warehouse: set %s: %w", s.name, err), conn.Close())
		}
	}
	return errors.Join(w.attach(ctx, conn, o), conn.Close())
}

// attach opens the file beside an empty database in memory: only so can the
// size of row groups be chosen. The catalog has the name that DuckDB gives to
// a file it is opened with.
func (w *Warehouse) attach(ctx context.Context, conn warehouse.Conn, o Options) error {
	if o.Path == "" {
		return nil
	}
	options := fmt.Sprintf("row_group_size %d", rowGroupRows)
	if o.ReadOnly {
		options = "read_only"
	}
	if _, err := conn.Exec(ctx, "attach "+warehouse.StringLiteral(o.Path)+" ("+options+")"); err != nil {
		if strings.Contains(err.Error(), "already exists") {
			return fmt.Errorf("open warehouse %s: %w\nhint: name the file otherwise; DuckDB keeps this name for itself", o.Path, clean(err))
		}
		return openError(o.Path, err)
	}
	found, err := warehouse.Fetch(ctx, conn, 1,
		"select database_name from duckdb_databases() where not internal and path is not null")
	if err != nil || len(found.Rows) == 0 {
		return errors.Join(fmt.Errorf("open warehouse %s: no database is attached", o.Path), err)
	}
	w.catalog, _ = found.Rows[0][0].(string)
	return nil
}

var lockHolder = regexp.MustCompile(`Conflicting lock is held in (.*?) \(PID (\d+)\)`)

func openError(path string, err error) error {
	if m := lockHolder.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("open warehouse %s: %w", path, &LockedError{Holder: m[1], PID: m[2]})
	}
	if strings.Contains(err.Error(), "Could not set lock") {
		return fmt.Errorf("open warehouse %s: %w", path, &LockedError{})
	}
	return fmt.Errorf("open warehouse %s: %w", cmp.Or(path, "in memory"), clean(err))
}

// A LockedError says that another process holds the database file.
type LockedError struct {
	Holder string // the program, empty when the system does not tell
	PID    string
}

func (e *LockedError) Error() string {
	if e.PID == "" {
		return "another process holds the file\nhint: wait until it has ended, or stop it; only one process can use a DuckDB file"
	}
	return fmt.Sprintf("%s (process %s) holds the file\nhint: wait until it has ended, or stop it with `kill %s`; only one process can use a DuckDB file", e.Holder, e.PID, e.PID)
}

// Conn opens a session. Sessions count time in UTC, so that a date taken from
// an instant does not depend on the machine.
func (w *Warehouse) Conn(ctx context.Context) (warehouse.Conn, error) {
	native, err := w.connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", clean(err))
	}
	c := &conn{native: native.(*duckdb.Conn)}
	start := "set TimeZone = 'UTC'"
	if w.catalog != "" {
		start += "; use " + Dialect().Quote(w.catalog)
	}
	if _, err := c.Exec(ctx, start); err != nil {
		return nil, errors.Join(fmt.Errorf("open session: %w", err), c.Close())
	}
	return c, nil
}

type conn struct {
	native *duckdb.Conn
	inTx   bool
}

func (c *conn) Close() error { return c.native.Close() }

func (c *conn) Exec(ctx context.Context, sql string, args ...any) (warehouse.Result, error) {
	prepared, err := c.native.PrepareContext(ctx, sql)
	if err != nil {
		return warehouse.Result{}, c.failure(ctx, err)
	}
	changed, err := execute(ctx, prepared.(*duckdb.Stmt), bind(args))
	if err := errors.Join(err, prepared.Close()); err != nil {
		return warehouse.Result{}, c.failure(ctx, err)
	}
	return warehouse.Result{Rows: changed}, nil
}

// execute runs a statement for the number of rows it changed. What `create
// table as` wrote, DuckDB tells only as a result of one row.
func execute(ctx context.Context, prepared *duckdb.Stmt, args []driver.NamedValue) (int64, error) {
	kind, err := prepared.StatementType()
	if err != nil {
		return 0, err
	}
	if kind != duckdb.STATEMENT_TYPE_CREATE {
		result, err := prepared.ExecContext(ctx, args)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	}
	rows, err := prepared.QueryContext(ctx, args)
	if err != nil {
		return 0, err
	}
	count := make([]driver.Value, len(rows.Columns()))
	err = rows.Next(count)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	written := int64(0)
	if len(count) == 1 {
		written, _ = count[0].(int64)
	}
	return written, errors.Join(err, rows.Close())
}

func (c *conn) Transact(ctx context.Context, work func(context.Context) error) (err error) {
	if c.inTx {
		return errors.New("begin transaction: the session is inside one")
	}
	if _, err := c.Exec(ctx, "begin transaction"); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	c.inTx = true
	committed := false
	defer func() {
		c.inTx = false
		if committed {
			return
		}
		// The rollback must happen although the context has ended. A failed
		// commit has already rolled back, which makes this one an error.
		_, _ = c.Exec(context.WithoutCancel(ctx), "rollback")
	}()
	if err := work(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit: %w", context.Cause(ctx))
	}
	// Of a transaction in which a statement failed, commit keeps nothing and
	// says nothing; any other statement does.
	if _, err := c.Exec(ctx, "select 1; commit"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// failure makes a cancelled statement's error match the context's.
func (c *conn) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), clean(err))
	}
	return clean(err)
}

// An Error is DuckDB's, with the driver's prefixes taken off.
type Error struct {
	text  string
	cause error
}

func (e *Error) Error() string { return e.text }
func (e *Error) Unwrap() error { return e.cause }

func clean(err error) error {
	text := err.Error()
	var native *duckdb.Error
	if errors.As(err, &native) {
		text = native.Msg
	}
	return &Error{text: strings.TrimSpace(text), cause: err}
}

// bind brings the contract's values into the driver's.
func bind(args []any) []driver.NamedValue {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: native(arg)}
	}
	return named
}

func native(value any) driver.Value {
	switch v := value.(type) {
	case warehouse.Date:
		return v.Time
	case warehouse.LocalTime:
		return v.Time
	case warehouse.Decimal:
		return string(v)
	}
	return value
}
