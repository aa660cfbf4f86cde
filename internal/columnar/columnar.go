package columnar

import (
	"fmt"
	"time"

	"apotheca/internal/schema"
)

// Batch is some rows of a table. All columns are as long as Rows says.
type Batch struct {
	Rows    int
	Columns []Column
}

// Column is the values of one column; only the slices of its type are used.
//
//	integer    Ints
//	boolean    Ints, 0 or 1
//	date       Ints, days since 1970-01-01
//	timestamp  Ints, microseconds since 1970-01-01 UTC
//	double     Floats
//	text       Text and Ends
//	decimal    Text and Ends, as it is written
type Column struct {
	Type   schema.Type
	Ints   []int64
	Floats []float64
	// Text is all values one behind another, and Ends where each of them ends.
	Text []byte
	Ends []uint32
	// Null marks the rows without a value, whose place in the other slices
	// means nothing. It is nil where the column has none by declaration.
	Null []bool
}

// New makes an empty batch of these columns.
func New(columns []schema.Column) *Batch {
	b := &Batch{Columns: make([]Column, len(columns))}
	for i, c := range columns {
		b.Columns[i].Type = c.Type
		if c.Nullable {
			b.Columns[i].Null = []bool{}
		}
	}
	return b
}

// Resize makes room for rows whose values are then written one by one. What
// the batch held before is gone.
func (b *Batch) Resize(rows int) {
	b.Rows = rows
	for i := range b.Columns {
		c := &b.Columns[i]
		switch {
		case c.IsText():
			c.Text, c.Ends = c.Text[:0], resized(c.Ends, rows)
		case c.Type == schema.Double:
			c.Floats = resized(c.Floats, rows)
		default:
			c.Ints = resized(c.Ints, rows)
		}
		if c.Null != nil {
			c.Null = resized(c.Null, rows)
			clear(c.Null)
		}
	}
}

// Truncate keeps the first rows.
func (b *Batch) Truncate(rows int) {
	b.Rows = rows
	for i := range b.Columns {
		c := &b.Columns[i]
		switch {
		case c.IsText():
			c.Ends = c.Ends[:rows]
			c.Text = c.Text[:c.start(rows)]
		case c.Type == schema.Double:
			c.Floats = c.Floats[:rows]
		default:
			c.Ints = c.Ints[:rows]
		}
		if c.Null != nil {
			c.Null = c.Null[:rows]
		}
	}
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	return s[:n]
}

// IsText reports whether the values are in Text.
func (c *Column) IsText() bool {
	_, _, decimal := c.Type.DecimalSize()
	return decimal || c.Type == schema.Text
}

// IsNull reports whether a row has no value.
func (c *Column) IsNull(row int) bool { return c.Null != nil && c.Null[row] }

func (c *Column) start(row int) uint32 {
	if row == 0 {
		return 0
	}
	return c.Ends[row-1]
}

// TextAt is the text of a row, valid as long as the batch.
func (c *Column) TextAt(row int) []byte { return c.Text[c.start(row):c.Ends[row]] }

// SetText gives a row its text; all rows before it must have theirs, and those
// behind it lose it.
func (c *Column) SetText(row int, text []byte) {
	c.Text = append(c.Text[:c.start(row)], text...)
	c.Ends[row] = uint32(len(c.Text))
}

// SetNull takes the value from a row.
func (c *Column) SetNull(row int) {
	c.Null[row] = true
	switch {
	case c.IsText():
		c.SetText(row, nil)
	case c.Type == schema.Double:
		c.Floats[row] = 0
	default:
		c.Ints[row] = 0
	}
}

// Check says what a column can hold.
func Check(t schema.Type) error {
	c := Column{Type: t}
	switch t {
	case schema.Integer, schema.Boolean, schema.Date, schema.Timestamp, schema.Double:
		return nil
	}
	if c.IsText() {
		return nil
	}
	return fmt.Errorf("type %s is not held in columns", t)
}

// Micros is the instant of a timestamp.
func Micros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
