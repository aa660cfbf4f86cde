package warehouse

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// ResultColumn is a column of a result: its name and the database's own name
// for its type.
type ResultColumn struct {
	Name string
	Type string
}

// Rows is a result that is read row by row. A value is one of:
//
//	nil         NULL
//	int64       integers that fit 64 bits
//	float64     inexact numbers, NaN and the infinities among them
//	Decimal     exact numbers and integers that do not fit 64 bits
//	bool
//	string      text, JSON, and every type not named here, as the database
//	            prints it
//	Date        days
//	LocalTime   timestamps without a zone
//	time.Time   instants (timestamps with a zone), in UTC
type Rows struct {
	Columns []ResultColumn
	// Result is what the database said, once the rows are closed; nil where
	// it says nothing.
	Result func() Result
	next   func() ([]any, error)
	close  func() error
}

// NewRows is for drivers. After the last row next returns nil, nil; closing
// must be possible at any time and more than once.
func NewRows(columns []ResultColumn, next func() ([]any, error), closeRows func() error) *Rows {
	return &Rows{Columns: columns, next: next, close: closeRows}
}

// All yields the rows and closes them, also when the loop is left early. An
// error is yielded last, with a nil row.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for {
			row, err := r.next()
			if err != nil || row == nil {
				if closeErr := r.close(); err == nil {
					err = closeErr
				}
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if !yield(row, nil) {
				_ = r.close() // the reader has what it wanted
				return
			}
		}
	}
}

// Close ends the reading of rows that are not wanted.
func (r *Rows) Close() error { return r.close() }

// Table is a result that was read as a whole.
type Table struct {
	Columns []ResultColumn
	Rows    [][]any
	// Result is what the database said of the statement.
	Result Result
}

// Fetch reads at most limit rows of a query, or all when limit is negative.
func Fetch(ctx context.Context, conn Conn, limit int, sql string, args ...any) (Table, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return Table{}, err
	}
	table := Table{Columns: rows.Columns, Result: Result{Rows: -1}}
	if limit == 0 {
		return table, rows.Close()
	}
	for row, err := range rows.All() {
		if err != nil {
			return Table{}, err
		}
		table.Rows = append(table.Rows, row)
		if len(table.Rows) == limit {
			break
		}
	}
	if rows.Result != nil {
		table.Result = rows.Result()
	}
	return table, nil
}

// Decimal is an exact number as text: "-12.340". It keeps every digit the
// database holds, trailing zeros too.
type Decimal string

// Date is a day; the clock of the time inside is at midnight UTC.
type Date struct{ time.Time }

// NewDate is the given day.
func NewDate(year int, month time.Month, day int) Date {
	return Date{time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

func (d Date) String() string { return d.Format(time.DateOnly) }

// LocalTime is a timestamp without a zone; the time inside has its clock in
// UTC, which says nothing about where it was read.
type LocalTime struct{ time.Time }

func (t LocalTime) String() string { return t.Format("2006-01-02 15:04:05.999999") }

// Text is a value as a person reads it in a table: NULL, true, 1.5, a date.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999Z07:00")
	default:
		return fmt.Sprint(v)
	}
}
