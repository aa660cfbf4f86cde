package postgres

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ofStatements are the classes of SQLSTATE that speak of the statement, the
// database or the machine. Broken constraints (23) are among them: their
// messages name the constraint, and the row stands in the detail.
var ofStatements = []string{
	"08", "0A", "21", "23", "25", "26", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58",
}

// dataException is the class of values that are not what they should be. Its
// messages say so and then quote the value.
const dataException = "22"

const leftOut = " … (the values are left out: there may be personal data among them)"

// discreet is an error without what the server says of rows, where it is not
// to be said: details, the context of a copy, and in messages what stands in
// quotes. What a function raises, or asks in words of its own, may be anything.
func (c *conn) discreet(e *pgconn.PgError) *pgconn.PgError {
	if !c.isDiscreet {
		return e
	}
	said := *e
	said.Detail, said.Where, said.InternalQuery = "", "", ""
	class, ofFunction := e.Code[:min(len(e.Code), 2)], e.InternalQuery != ""
	switch {
	case slices.Contains(ofStatements, class) && !ofFunction:
	case class == dataException && !ofFunction:
		if quote := strings.IndexByte(e.Message, '"'); quote >= 0 {
			said.Message = strings.TrimRight(e.Message[:quote], " :") + leftOut
		}
	default:
		said.Message, said.Hint = "error "+e.Code+leftOut, ""
	}
	return &said
}
