package duckdb

import (
	"slices"
	"strings"
)

// ofStatements are the kinds of errors that speak of the statement, the
// database or the machine, and never of a row.
var ofStatements = []string{
	"Parser Error", "Syntax Error", "Binder Error", "Catalog Error", "Dependency Error", "Not implemented Error",
	"Permission Error", "Connection Error", "IO Error", "Out of Memory Error", "Settings Error",
	"Invalid Configuration Error", "Missing Extension Error",
}

// ofRows are the kinds that say what is wrong with a row in words of their own
// and put its values behind them, between quotes or in brackets.
var ofRows = []string{"Conversion Error", "Constraint Error", "Out of Range Error", "TransactionContext Error"}

const leftOut = " … (the values are left out: there may be personal data among them)"

// clean is an error without the values of rows, where they are not to be said.
// Of a kind that is not known to keep them apart, only its name is left: an
// Invalid Input Error may be a whole line of a file.
func (c *conn) clean(err error) *Error {
	e := clean(err)
	kind, _, _ := strings.Cut(e.text, ":")
	switch {
	case !c.isDiscreet || slices.Contains(ofStatements, kind):
	case slices.Contains(ofRows, kind):
		if values := strings.IndexAny(e.text, "\"'("); values >= 0 {
			e.text = strings.TrimSpace(e.text[:values]) + leftOut
		}
	case strings.HasSuffix(kind, " Error"):
		e.text = kind + leftOut
	default:
		e.text = "Error" + leftOut
	}
	return e
}
