package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// An Error is the server's, printed as psql prints it.
type Error struct {
	text  string
	cause error
}

func (e *Error) Error() string { return e.text }
func (e *Error) Unwrap() error { return e.cause }

// Hint is empty: what to do is part of the text.
func (e *Error) Hint() string { return "" }

// failure makes a cancelled statement's error match the context's.
func (c *conn) failure(ctx context.Context, sql string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), clean(sql, err))
	}
	return clean(sql, err)
}

func clean(sql string, err error) error {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return &Error{text: server.Message, cause: err}
	}
	return &Error{text: err.Error(), cause: err}
}

func passing(error) bool { return false }

func (w *Warehouse) connectError(err error) error {
	return fmt.Errorf("connect to PostgreSQL: %w", err)
}

func (o Options) parseError(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return fmt.Errorf("read the connection's options: %s", text)
}
