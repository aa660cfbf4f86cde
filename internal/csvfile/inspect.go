package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"apotheca/internal/schema"
)

// Inspection is what a file was seen to hold, all of it.
type Inspection struct {
	Delimiter byte
	Rows      int64
	// Rejected is how many records are no rows, and First the first of them.
	Rejected int64
	First    Rejected
	Columns  []Seen
}

// Seen is what a column was seen to hold.
type Seen struct {
	Header string
	// Type reads every value; text where no other does.
	Type schema.Type
	// UTC: a timestamp that stands without an offset at least once.
	UTC bool
	// Empty is how many rows have no value.
	Empty int64
	// Unique: no value stands twice. It is false where that would have needed
	// too much memory to know.
	Unique bool
}

// Inspect reads a file whose columns nobody declared. The name is for messages
// only.
func Inspect(in io.Reader, name string) (*Inspection, error) {
	table := &Table{Name: name}
	f := &File{name: name, table: table, line: 1, close: func() {}, bytes: &counter{in: in}}
	if err := f.decompress(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	f.in = table.sniff(f.in)
	if err := f.header(); err != nil {
		return nil, err
	}
	if err := table.asText(&f.layout, name); err != nil {
		return nil, err
	}
	seen := make([]*watch, len(table.Columns))
	for i := range seen {
		seen[i] = newWatch()
	}
	out := &Inspection{Delimiter: table.delimiter()}
	parser, block := f.Parser(), f.NewBlock()
	for {
		chunk, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		parser.Parse(chunk, block)
		f.Release(chunk)
		if out.Rejected == 0 && len(block.Rejected) > 0 {
			out.First = block.Rejected[0]
		}
		out.Rows += int64(block.Rows)
		out.Rejected += int64(len(block.Rejected))
		for i, w := range seen {
			w.column(&block.Columns[i], block.Rows)
		}
	}
	for i, w := range seen {
		out.Columns = append(out.Columns, w.result(table.Columns[i].Header))
	}
	return out, nil
}

// sniff chooses the delimiter that the first line has most of.
func (t *Table) sniff(in io.Reader) io.Reader {
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(64 << 10)
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	most := 0
	for _, delimiter := range []byte{',', ';', '\t', '|'} {
		if n := bytes.Count(line, []byte{delimiter}); n > most {
			t.Delimiter, most = delimiter, n
		}
	}
	return buffered
}

// asText declares the columns that a header has as texts. A column without a
// name is passed over.
func (t *Table) asText(l *layout, file string) error {
	for i, name := range l.names {
		if name == "" {
			continue
		}
		for _, before := range t.Columns {
			if strings.EqualFold(before.Header, name) {
				return &HeaderError{File: file, Problem: "two columns are named " + name, Advice: "give one of them another name in the file"}
			}
		}
		l.fields[i] = placeOf(Column{Type: schema.Text}, len(t.Columns))
		t.Columns = append(t.Columns, Column{Name: fmt.Sprintf("c%d", i), Header: name, Type: schema.Text})
	}
	if len(t.Columns) == 0 {
		return &HeaderError{File: file, Problem: "no column has a name"}
	}
	return nil
}

// distinctMax bounds how many values are remembered to know that they differ.
const distinctMax = 4_000_000

// watch looks at the values of a column and gives up one type after another.
type watch struct {
	types         []schema.Type // that are left, the strictest first
	whole, places int           // digits of decimals
	values, empty int64
	utc           bool
	dates         dateCache
	seed          maphash.Seed
	seen          map[uint64]bool // nil: not known, or not unique
	unique        bool
}

const aDecimal schema.Type = "decimal"

func newWatch() *watch {
	return &watch{
		types: []schema.Type{schema.Boolean, schema.Integer, aDecimal, schema.Double, schema.Date, schema.Timestamp},
		seed:  maphash.MakeSeed(), seen: map[uint64]bool{}, unique: true,
	}
}

func (w *watch) column(c columnLike, rows int) {
	for row := range rows {
		if c.IsNull(row) {
			w.empty++
			continue
		}
		text := c.TextAt(row)
		w.values++
		w.distinct(text)
		left := w.types[:0]
		for _, t := range w.types {
			if w.fits(t, text) {
				left = append(left, t)
			}
		}
		w.types = left
	}
}

// columnLike is a column of texts.
type columnLike interface {
	IsNull(row int) bool
	TextAt(row int) []byte
}

func (w *watch) distinct(text []byte) {
	if !w.unique {
		return
	}
	hash := maphash.Bytes(w.seed, text)
	if w.seen[hash] || len(w.seen) >= distinctMax {
		w.unique, w.seen = false, nil
		return
	}
	w.seen[hash] = true
}

func (w *watch) fits(t schema.Type, text []byte) bool {
	var problem string
	switch t {
	case schema.Boolean:
		_, problem = boolean(text)
		return problem == "" && text[0] > '9' // 0 and 1 are numbers
	case schema.Integer:
		_, problem = integer(text)
		return problem == "" && !isLabel(text)
	case aDecimal:
		return w.decimal(text)
	case schema.Double:
		_, problem = double(text)
		return problem == "" && !isLabel(text)
	case schema.Date:
		_, problem = w.dates.date(text)
	case schema.Timestamp:
		if _, _, problem = w.dates.timestamp(text, false); problem == noOffset {
			w.utc, problem = true, ""
		}
	}
	return problem == ""
}

// isLabel tells digits that are no number, such as 00042.
func isLabel(text []byte) bool {
	return len(text) > 1 && text[0] == '0' && text[1] != '.' || text[0] == '+'
}

func (w *watch) decimal(text []byte) bool {
	if isLabel(text) || decimal(text, schema.DecimalPrecisionMax, 0) != "" && decimal(text, schema.DecimalPrecisionMax, schema.DecimalPrecisionMax/2) != "" {
		return false
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(string(text), "-"), ".")
	w.whole, w.places = max(w.whole, len(whole)), max(w.places, len(fraction))
	return w.whole+w.places <= schema.DecimalPrecisionMax
}

// decimalPrecision is the least precision that is proposed: amounts grow.
const decimalPrecision = 18

func (w *watch) result(header string) Seen {
	s := Seen{Header: header, Type: schema.Text, Empty: w.empty, Unique: w.unique && w.values > 0}
	if w.values == 0 || len(w.types) == 0 {
		return s
	}
	switch s.Type = w.types[0]; s.Type {
	case aDecimal:
		s.Type = schema.Decimal(max(decimalPrecision, w.whole+w.places), w.places)
	case schema.Timestamp:
		s.UTC = w.utc
	}
	return s
}
