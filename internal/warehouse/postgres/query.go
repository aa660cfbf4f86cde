package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"apotheca/internal/warehouse"
)

// Query streams the result of the last statement. The protocol does not say
// which that is, so the first rows of each are held until it is known.
func (c *conn) Query(ctx context.Context, sql string, args ...any) (*warehouse.Rows, error) {
	results, err := c.run(ctx, sql, args)
	if err != nil {
		return nil, c.failure(ctx, sql, err)
	}
	cursor := &cursor{results: results, failure: func(err error) error { return c.failure(ctx, sql, err) }}
	if c.native.TxStatus() == 'I' && isSelect(sql) {
		cursor.leave = func() error { return c.leave(ctx, results) }
	}
	if err := cursor.open(); err != nil {
		return nil, err
	}
	if err := c.nameTypes(ctx, cursor); err != nil {
		return nil, errors.Join(err, cursor.close())
	}
	rows := warehouse.NewRows(cursor.columns, cursor.next, cursor.close)
	rows.Result = func() warehouse.Result { return said(cursor.tag) }
	return rows, nil
}

// Rows of a result are held until there are so many, or of so many bytes.
const (
	heldRows  = 1000
	heldBytes = 1 << 20
)

type cursor struct {
	results *results
	failure func(error) error
	fields  []pgconn.FieldDescription
	columns []warehouse.ResultColumn
	held    [][]any
	more    bool // the current result has more rows than are held
	closed  bool
	tag     pgconn.CommandTag // of the last statement that has ended
	leave   func() error      // ends the statement early, nil when it must run on
}

func (c *cursor) open() error {
	for !c.more && c.results.next() {
		c.describe()
		bytes := 0
		c.held = nil
		for !c.more && c.results.reader.NextRow() {
			row, size := c.row()
			bytes += size
			c.held = append(c.held, row)
			c.more = c.results.single || len(c.held) == heldRows || bytes >= heldBytes
		}
		if !c.more {
			var err error
			if c.tag, err = c.results.reader.Close(); err != nil {
				break // and told by close
			}
		}
	}
	if c.more {
		return nil
	}
	c.closed = true
	if err := c.results.close(); err != nil {
		return c.failure(err)
	}
	return nil
}

func (c *cursor) describe() {
	// The driver uses its own slice again for the next result.
	c.fields = slices.Clone(c.results.reader.FieldDescriptions())
	c.columns = make([]warehouse.ResultColumn, len(c.fields))
	for i, field := range c.fields {
		c.columns[i] = warehouse.ResultColumn{Name: field.Name, Type: typeName(field.DataTypeOID, field.TypeModifier)}
	}
}

// row is the current row and the size of its text.
func (c *cursor) row() (row []any, bytes int) {
	values := c.results.reader.Values()
	row = make([]any, len(values))
	for i, text := range values {
		bytes += len(text)
		if text != nil {
			row[i] = parse(c.fields[i].DataTypeOID, string(text))
		}
	}
	return row, bytes
}

func (c *cursor) next() ([]any, error) {
	if len(c.held) > 0 {
		row := c.held[0]
		c.held = c.held[1:]
		return row, nil
	}
	if c.closed {
		return nil, nil
	}
	if c.results.reader.NextRow() {
		row, _ := c.row()
		return row, nil
	}
	var err error
	c.tag, err = c.results.reader.Close()
	another := err == nil && c.results.next()
	c.closed = true
	if err := c.results.close(); err != nil {
		return nil, c.failure(err)
	}
	if another {
		return nil, errors.New("a statement before the last returns too many rows to pass over\nhint: run the statements one at a time")
	}
	return nil, nil
}

// close ends a result that nobody wants more of. Where nothing can hang on it
// the server is told; otherwise the rest is read over.
func (c *cursor) close() error {
	c.held = nil
	if c.closed {
		return nil
	}
	c.closed = true
	leave := c.results.close
	if c.leave != nil {
		leave = c.leave
	}
	if err := leave(); err != nil {
		return c.failure(err)
	}
	return nil
}

// isSelect reports a statement that may be broken off without undoing anything.
func isSelect(sql string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(sql, " \t\r\n("), " ")
	return strings.EqualFold(strings.TrimRight(word, "\r\n\t"), "select")
}

// leave cancels the running statement. When it had ended by itself, the
// request may still be under way, and must not meet the next one.
func (c *conn) leave(ctx context.Context, running *results) error {
	if err := c.native.CancelRequest(ctx); err != nil {
		return running.close()
	}
	err := running.close()
	if err == nil {
		_ = c.native.Ping(ctx)
		return nil
	}
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == codeCancelled && ctx.Err() == nil {
		return nil
	}
	return err
}
