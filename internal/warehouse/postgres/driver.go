package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"apotheca/internal/warehouse"
)

// Warehouse is a database of a server.
type Warehouse struct {
	options Options
	config  *pgconn.Config

	mu     sync.Mutex
	locked []string // schemas: see Lock
}

var (
	_ warehouse.Warehouse = (*Warehouse)(nil)
	_ warehouse.Locker    = (*Warehouse)(nil)
)

// Open checks that the database can be reached with these options.
func Open(ctx context.Context, o Options) (*Warehouse, error) {
	config, err := o.config()
	if err != nil {
		return nil, err
	}
	w := &Warehouse{options: o, config: config}
	conn, err := w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return w, conn.Close()
}

// Dialect is PostgreSQL's.
func (w *Warehouse) Dialect() warehouse.Dialect { return Dialect() }

// Close has nothing to end: sessions are closed by those who opened them.
func (w *Warehouse) Close() error { return nil }

// Conn opens a session. A refusal that may pass is tried again, each time a
// little later.
func (w *Warehouse) Conn(ctx context.Context) (warehouse.Conn, error) {
	for attempt := 1; ; attempt++ {
		native, err := pgconn.ConnectConfig(ctx, w.config.Copy())
		if err == nil {
			c := &conn{native: native, role: w.role(), isDiscreet: w.options.Discreet}
			if err := w.join(ctx, c); err != nil {
				return nil, errors.Join(err, c.Close())
			}
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("connect to %s: %w", w.place(), context.Cause(ctx))
		}
		if failed := w.connectError(err); attempt > w.options.Retries || !failed.Passing {
			return nil, failed
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(attempt*attempt) * time.Second):
		}
	}
}

type conn struct {
	native *pgconn.PgConn
	role   string // quoted
	inTx   bool

	isDiscreet bool // see Options
}

// closeTimeout bounds what is said to a server that may be gone.
const closeTimeout = 5 * time.Second

func (c *conn) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = c.native.Close(ctx) // of a lost connection there is nothing to close
	return nil
}

func (c *conn) Exec(ctx context.Context, sql string, args ...any) (warehouse.Result, error) {
	results, err := c.run(ctx, sql, args)
	if err != nil {
		return warehouse.Result{}, c.failure(ctx, sql, err)
	}
	var tag pgconn.CommandTag
	for results.next() {
		if tag, err = results.reader.Close(); err != nil {
			break // and told by close
		}
	}
	if err := results.close(); err != nil {
		return warehouse.Result{}, c.failure(ctx, sql, err)
	}
	return said(tag), nil
}

// said reads the count at the end of "INSERT 0 7"; "CREATE VIEW" has none.
func said(tag pgconn.CommandTag) warehouse.Result {
	text := tag.String()
	if text == "" || text[len(text)-1] < '0' || text[len(text)-1] > '9' {
		return warehouse.Result{Rows: -1, Tag: text}
	}
	return warehouse.Result{Rows: tag.RowsAffected(), Tag: text}
}

// results are what the statements of one text return, one after the other.
type results struct {
	many   *pgconn.MultiResultReader
	one    *pgconn.ResultReader
	reader *pgconn.ResultReader // of the current result
	single bool
	err    error
}

// run sends the text as it stands. Only with arguments does the server parse
// it apart, and then it takes one statement.
func (c *conn) run(ctx context.Context, sql string, args []any) (*results, error) {
	if strings.IndexByte(sql, 0) >= 0 {
		return nil, errors.New("the SQL has a NUL character in it")
	}
	if len(args) == 0 {
		return &results{many: c.native.Exec(ctx, sql)}, nil
	}
	values, types, err := bind(args)
	if err != nil {
		return nil, err
	}
	return &results{one: c.native.ExecParams(ctx, sql, values, types, nil, nil), single: true}, nil
}

func (r *results) next() bool {
	if r.many != nil {
		if !r.many.NextResult() {
			return false
		}
		r.reader = r.many.ResultReader()
		return true
	}
	r.reader, r.one = r.one, nil
	return r.reader != nil
}

// close reads over what is left.
func (r *results) close() error {
	if r.many != nil {
		return r.many.Close()
	}
	if r.one != nil {
		r.reader, r.one = r.one, nil
	}
	if r.reader != nil {
		_, r.err = r.reader.Close()
		r.reader = nil
	}
	return r.err
}

func (c *conn) Transact(ctx context.Context, work func(context.Context) error) error {
	if c.inTx {
		return errors.New("begin transaction: the session is inside one")
	}
	if _, err := c.Exec(ctx, "begin"); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	c.inTx = true
	committed := false
	defer func() {
		c.inTx = false
		if !committed {
			c.rollback(ctx)
		}
	}()
	if err := work(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("commit: %w", context.Cause(ctx))
	}
	if err := c.commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// commit is an error when the server rolled back instead, which it does
// without a word when a statement of the transaction had failed.
func (c *conn) commit(ctx context.Context) error {
	tags, err := c.native.Exec(ctx, "commit").ReadAll()
	if err != nil {
		failed := c.failure(ctx, "commit", err)
		if errors.Is(failed, warehouse.ErrConnectionLost) {
			return fmt.Errorf("whether it was done is not known: %w", failed)
		}
		return failed
	}
	if len(tags) == 1 && tags[0].CommandTag.String() == "ROLLBACK" {
		return errors.New("the server rolled back because a statement of the transaction had failed")
	}
	return nil
}

// rollback happens although the context has ended. A session that cannot roll
// back is closed, which has the server do it.
func (c *conn) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if c.native.TxStatus() == 'I' {
		return
	}
	if _, err := c.Exec(ctx, "rollback"); err != nil {
		_ = c.Close()
	}
}
