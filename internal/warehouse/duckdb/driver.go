package duckdb

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
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
	// RowGroupRows is how many rows DuckDB gathers before it compresses and
	// writes them; 0 leaves its default of 122,880. It holds as many for each
	// thread, which is much where rows are long.
	RowGroupRows int
	// TempDirectory is where it spills to; empty means beside the file.
	TempDirectory string
	// ReadOnly opens an existing file without the right to change it; many
	// processes may.
	ReadOnly bool
	// Discreet keeps values of rows out of errors: there may be personal data
	// among them.
	Discreet bool
	// SearchPath is where files are looked for that statements name without a
	// folder; empty is the process's own.
	SearchPath string

	// Config is what can only be said when DuckDB starts, Settings what every
	// session sets for itself.
	Config, Settings []Setting
	Extensions       []Extension
	Secrets          []Secret
	Attach           []Attachment
	Retries          Retries
	// NoTransactions has every statement stand for itself.
	NoTransactions bool
}

// reachesOut reports whether the database has to do with more than its file.
// Only then are extensions fetched that turn out to be needed: the attempt costs
// a second, and fails where there is no network.
func (o Options) reachesOut() bool { return len(o.Extensions)+len(o.Secrets)+len(o.Attach) > 0 }

// Warehouse is an open DuckDB database.
type Warehouse struct {
	connector *duckdb.Connector
	options   Options
	catalog   string // of the file, empty in memory
}

var _ warehouse.Warehouse = (*Warehouse)(nil)

// Open opens the database, creating the file when there is none. A process must
// have a file open only once at a time: DuckDB's lock keeps other processes out.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	var w *Warehouse
	err := o.Retries.do(ctx, o.Retries.Connect, func() (err error) {
		w, err = open(ctx, o)
		return err
	})
	return w, err
}

func open(ctx context.Context, o Options) (*Warehouse, error) {
	start := url.Values{}
	for _, s := range o.Config {
		start.Set(s.Name, fmt.Sprint(s.Value))
	}
	connector, err := duckdb.NewConnector(":memory:?"+start.Encode(), nil)
	if err != nil {
		return nil, openError(o.Path, err)
	}
	w := &Warehouse{connector: connector, options: o}
	if err := w.configure(ctx, o); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Dialect is DuckDB's.
func (w *Warehouse) Dialect() warehouse.Dialect { return Dialect() }

// Close closes the file once every session is closed.
func (w *Warehouse) Close() error { return w.connector.Close() }

// configure sets what holds for the whole database and attaches the files.
func (w *Warehouse) configure(ctx context.Context, o Options) error {
	conn, err := w.session(ctx)
	if err != nil {
		return err
	}
	fetch := fmt.Sprint(o.reachesOut())
	settings := []Setting{
		{"autoinstall_known_extensions", fetch},
		{"autoload_known_extensions", fetch},
		{"memory_limit", o.MemoryLimit},
		{"temp_directory", o.TempDirectory},
		{"file_search_path", o.SearchPath},
	}
	if o.TempDirectory == "" && o.Path != "" {
		settings[3].Value = o.Path + ".tmp"
	}
	if o.Threads > 0 {
		settings = append(settings, Setting{"threads", o.Threads})
	}
	for _, s := range settings {
		if s.Value == "" || w.configured(s.Name) {
			continue
		}
		if _, err := conn.Exec(ctx, "set global "+s.Name+" = "+warehouse.StringLiteral(fmt.Sprint(s.Value))); err != nil {
			return errors.Join(fmt.Errorf("open warehouse: set %s: %w", s.Name, err), conn.Close())
		}
	}
	err = w.attach(ctx, conn, o)
	if err == nil {
		err = w.extend(ctx, conn, o)
	}
	return errors.Join(err, conn.Close())
}

// configured reports a setting that was made when DuckDB started.
func (w *Warehouse) configured(name string) bool {
	return slices.ContainsFunc(w.options.Config, func(s Setting) bool { return strings.EqualFold(s.Name, name) })
}

// extend brings in what the file needs beside itself: extensions, then secrets,
// then other databases, which may need both.
func (w *Warehouse) extend(ctx context.Context, conn warehouse.Conn, o Options) error {
	for _, e := range o.Extensions {
		if err := loadExtension(ctx, conn, e); err != nil {
			return err
		}
	}
	for _, s := range o.Secrets {
		create, err := s.sql()
		if err == nil {
			_, err = conn.Exec(ctx, create)
		}
		if err != nil {
			// What follows the first line repeats the statement.
			reason, _, _ := strings.Cut(err.Error(), "\n")
			return fmt.Errorf("open warehouse: create secret %s of type %s: %s", s.Name, s.Type, reason)
		}
	}
	for _, a := range o.Attach {
		attach, err := a.sql()
		if err == nil {
			_, err = conn.Exec(ctx, attach)
		}
		if err != nil {
			return openError(cmp.Or(a.Alias, a.Path), err)
		}
	}
	return nil
}

// loadExtension installs one only if it is not there: that works without a
// network.
func loadExtension(ctx context.Context, conn warehouse.Conn, e Extension) error {
	found, err := warehouse.Fetch(ctx, conn, 1,
		"select loaded, installed from duckdb_extensions() where extension_name = $1 or list_contains(aliases, $1)", e.Name)
	if err != nil {
		return fmt.Errorf("open warehouse: look for extension %s: %w", e.Name, err)
	}
	loaded, installed := len(found.Rows) == 1 && found.Rows[0][0] == true, len(found.Rows) == 1 && found.Rows[0][1] == true
	if loaded {
		return nil
	}
	if !installed {
		if _, err := conn.Exec(ctx, e.sql()); err != nil {
			return fmt.Errorf("open warehouse: install extension %s: %w\nhint: DuckDB fetches an extension once and keeps it in ~/.duckdb; without a network, put the file there", e.Name, err)
		}
	}
	if _, err := conn.Exec(ctx, "load "+warehouse.StringLiteral(e.Name)); err != nil {
		return fmt.Errorf("open warehouse: load extension %s: %w", e.Name, err)
	}
	return nil
}

// attach opens the file beside an empty database in memory: only so can the
// size of row groups be chosen. The catalog has the name that DuckDB gives to
// a file it is opened with.
func (w *Warehouse) attach(ctx context.Context, conn warehouse.Conn, o Options) error {
	if o.Path == "" {
		return nil
	}
	attach := "attach " + warehouse.StringLiteral(o.Path)
	switch {
	case o.ReadOnly:
		attach += " (read_only)"
	case o.RowGroupRows > 0:
		attach += fmt.Sprintf(" (row_group_size %d)", o.RowGroupRows)
	}
	if _, err := conn.Exec(ctx, attach); err != nil {
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
// an instant does not depend on the machine, unless they are told otherwise.
func (w *Warehouse) Conn(ctx context.Context) (warehouse.Conn, error) {
	c, err := w.session(ctx)
	if err != nil {
		return nil, err
	}
	start := []string{"set TimeZone = 'UTC'"}
	if w.catalog != "" {
		start = append(start, "use "+Dialect().Quote(w.catalog))
	}
	for _, s := range w.options.Settings {
		set, err := s.sql()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open session: %w", err), c.Close())
		}
		start = append(start, set)
	}
	for _, statement := range start {
		if _, err := c.Exec(ctx, statement); err != nil {
			setting, _, _ := strings.Cut(statement, " = ")
			return nil, errors.Join(fmt.Errorf("open session: %s: %w", setting, err), c.Close())
		}
	}
	return c, nil
}

// session is a connection nothing was said on yet.
func (w *Warehouse) session(ctx context.Context) (*conn, error) {
	native, err := w.connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", clean(err))
	}
	return &conn{native: native.(*duckdb.Conn), retries: w.options.Retries, noTransactions: w.options.NoTransactions,
		isDiscreet: w.options.Discreet}, nil
}

type conn struct {
	native         *duckdb.Conn
	inTx           bool
	retries        Retries
	noTransactions bool
	isDiscreet     bool // see Options
}

func (c *conn) Close() error { return c.native.Close() }

func (c *conn) Exec(ctx context.Context, sql string, args ...any) (result warehouse.Result, err error) {
	err = c.retries.do(ctx, c.retries.Query, func() error {
		result, err = c.exec(ctx, sql, args)
		return err
	})
	return result, err
}

func (c *conn) exec(ctx context.Context, sql string, args []any) (warehouse.Result, error) {
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
	if c.noTransactions {
		return work(ctx)
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
		return fmt.Errorf("%w: %w", context.Cause(ctx), c.clean(err))
	}
	return c.clean(err)
}

// An Error is DuckDB's, with the driver's prefixes taken off.
type Error struct {
	text  string
	cause error
}

func (e *Error) Error() string { return e.text }
func (e *Error) Unwrap() error { return e.cause }

func clean(err error) *Error {
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
