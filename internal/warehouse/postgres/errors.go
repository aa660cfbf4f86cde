package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"apotheca/internal/warehouse"
)

// An Error is what the server said of a statement, printed as psql prints it,
// and what can be done about it.
type Error struct {
	// Code is the SQLSTATE, empty when the server could say nothing more.
	Code  string
	text  string
	kind  error // of package warehouse, or nil
	cause error
}

func (e *Error) Error() string { return e.text }

// Unwrap makes the error match its kind and the driver's error.
func (e *Error) Unwrap() []error {
	if e.kind == nil {
		return []error{e.cause}
	}
	return []error{e.kind, e.cause}
}

// Hint is empty: what to do is part of the text.
func (e *Error) Hint() string { return "" }

// failure makes a cancelled statement's error match the context's.
func (c *conn) failure(ctx context.Context, sql string, err error) error {
	clean := c.clean(sql, err)
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), clean)
	}
	return clean
}

func (c *conn) clean(sql string, err error) *Error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		if c.native.IsClosed() {
			return &Error{kind: warehouse.ErrConnectionLost, cause: err,
				text: "the connection to the server was lost (" + err.Error() + ")" + lostHint}
		}
		return &Error{text: err.Error(), cause: err}
	}
	kind, hint := c.advise(server)
	return &Error{Code: server.Code, kind: kind, cause: err, text: describe(sql, c.discreet(server)) + hint}
}

// codeCancelled is the SQLSTATE of a statement that was told to stop.
const codeCancelled = "57014"

const lostHint = "\nhint: look into the server's log; when it is up again, the same command mends what was left"

// advise sorts a server's error and says what to do where that is known.
func (c *conn) advise(e *pgconn.PgError) (kind error, hint string) {
	switch e.Code {
	case "57P01", "57P02", "57P03", "57P05", "25P03":
		return warehouse.ErrConnectionLost, lostHint
	case "40001", "40P01":
		return warehouse.ErrConflict, "\nhint: run it again"
	case "55P03":
		return warehouse.ErrTimeout, "\nhint: another session holds the lock; select * from pg_stat_activity shows who"
	case codeCancelled:
		if strings.Contains(e.Message, "timeout") {
			return warehouse.ErrTimeout, "\nhint: the server's statement_timeout is too short for this statement: " +
				"alter role " + c.role + " set statement_timeout = '1h'"
		}
		return nil, "\nhint: somebody cancelled the statement on the server; run it again"
	case "53100":
		return warehouse.ErrDiskFull, "\nhint: make room on the server's disk, then run it again"
	case "53200":
		return nil, "\nhint: the server ran out of memory: lower work_mem or the number of threads"
	case "42501":
		return warehouse.ErrPermission, c.grantHint(e.Message)
	case "22021":
		return nil, "\nhint: PostgreSQL stores no NUL characters and only valid UTF-8"
	}
	if c.native.IsClosed() {
		return warehouse.ErrConnectionLost, lostHint
	}
	return nil, ""
}

var deniedObject = regexp.MustCompile(`^permission denied for (database|schema) "?(.*?)"?$`)

// grantHint spells the grant that is missing, where the message tells.
func (c *conn) grantHint(message string) string {
	quote := Dialect().Quote
	if m := deniedObject.FindStringSubmatch(message); m != nil {
		right := "create"
		if m[1] == "schema" {
			right = "usage, create"
		}
		return "\nhint: its owner can allow it: grant " + right + " on " + m[1] + " " + quote(m[2]) + " to " + c.role
	}
	return "\nhint: connect as the owner, or have the owner grant it to " + c.role
}

// describe prints an error of the server as psql does, the place in the
// statement with it.
func describe(sql string, e *pgconn.PgError) string {
	var b strings.Builder
	b.WriteString(e.Message)
	position := int(e.Position)
	if e.InternalQuery != "" { // inside a function
		sql, position = e.InternalQuery, int(e.InternalPosition)
	}
	b.WriteString(excerpt(sql, position))
	for _, part := range []struct{ name, text string }{
		{"DETAIL", e.Detail}, {"HINT", e.Hint}, {"QUERY", e.InternalQuery}, {"CONTEXT", e.Where},
	} {
		if part.text != "" {
			b.WriteString("\n" + part.name + ":  " + part.text)
		}
	}
	return b.String()
}

// An excerpt is at most excerptWidth characters, and shows cutBehind of them
// behind the place where the line goes on that far.
const (
	excerptWidth = 60
	cutBehind    = 10
)

// excerpt is the line of a statement at a position, which counts characters
// from 1, cut as PostgreSQL's own clients cut it, and a mark below the place:
//
//	LINE 3:     no_such_column
//	            ^
func excerpt(sql string, position int) string {
	text, place := []rune(strings.ReplaceAll(sql, "\t", " ")), position-1
	if place < 0 || place > len(text) {
		return ""
	}
	number, start := 1, 0
	for i, r := range text[:place] {
		if r == '\n' || r == '\r' {
			start = i + 1
			if r == '\r' || i == 0 || text[i-1] != '\r' {
				number++
			}
		}
	}
	end := len(text)
	if i := slices.IndexFunc(text[place:], func(r rune) bool { return r == '\n' || r == '\r' }); i >= 0 {
		end = place + i
	}
	var before, behind string
	if end > max(start+excerptWidth, place+cutBehind) {
		end, behind = max(start+excerptWidth, place+cutBehind), "..."
	}
	if start < end-excerptWidth {
		start, before = end-excerptWidth, "..."
	}
	label := fmt.Sprintf("LINE %d: %s", number, before)
	return "\n" + label + string(text[start:end]) + behind + "\n" + strings.Repeat(" ", len(label)+place-start) + "^"
}
