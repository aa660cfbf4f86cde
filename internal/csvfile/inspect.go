package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"regexp"
	"slices"
	"strings"

	"apotheca/internal/schema"
)

// Inspection is what the files of a table were seen to hold, all of it.
type Inspection struct {
	Delimiter byte
	Rows      int64
	// Rejected is how many records are no rows, and First the first of them.
	Rejected int64
	First    RowError
	Columns  []Seen
}

// Seen is what a column was seen to hold.
type Seen struct {
	Header string
	// Type reads every value; text where no other does.
	Type schema.Type
	// Looks says what a text looks like that no type reads; may be empty.
	Looks string
	// UTC: a timestamp that stands without an offset at least once.
	UTC bool
	// Empty is how many rows have no value.
	Empty int64
	// Unique: no value stands twice. It is false where that would have needed
	// too much memory to know.
	Unique bool
}

// Inspector looks at files whose columns nobody declared. The zero value has
// looked at none.
type Inspector struct {
	table  *Table
	seen   []*watch
	result Inspection
}

// Read reads a file. One with other columns than the files before is none of
// the same table, and is not read. The name is for messages only.
func (x *Inspector) Read(in io.Reader, name string) (same bool, err error) {
	table := &Table{Name: name}
	f := &File{name: name, table: table, line: 1, close: func() {}, bytes: &counter{in: in}}
	if err := f.decompress(); err != nil {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	f.in = table.sniff(f.in)
	if err := f.header(); err != nil {
		return false, err
	}
	if err := table.asText(&f.layout, name); err != nil {
		return false, err
	}
	if x.table == nil {
		x.table, x.result.Delimiter = table, table.delimiter()
		for range table.Columns {
			x.seen = append(x.seen, newWatch())
		}
	}
	if !x.table.like(table) {
		return false, nil
	}
	return true, x.records(f)
}

func (x *Inspector) records(f *File) error {
	parser, block := f.Parser(), f.NewBlock()
	var chunk Chunk
	for {
		err := f.Next(&chunk)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		parser.Parse(chunk, block)
		if x.result.Rejected == 0 && len(block.Rejected) > 0 {
			bad := block.Rejected[0]
			x.result.First = RowError{File: f.name, Line: bad.Line, Column: bad.Column, Reason: bad.Reason}
		}
		x.result.Rows += int64(block.Rows)
		x.result.Rejected += int64(len(block.Rejected))
		for i, w := range x.seen {
			w.column(&block.Columns[i], block.Rows)
		}
	}
}

// Result is what all of the files were seen to hold.
func (x *Inspector) Result() *Inspection {
	out := x.result
	for i, w := range x.seen {
		out.Columns = append(out.Columns, w.result(x.table.Columns[i].Header))
	}
	return &out
}

// like reports whether the files of two tables have the same columns.
func (t *Table) like(other *Table) bool {
	return t.delimiter() == other.delimiter() && slices.EqualFunc(t.Columns, other.Columns, func(a, b Column) bool {
		return strings.EqualFold(a.Header, b.Header)
	})
}

// sniff chooses the delimiter that the first line has most of.
func (t *Table) sniff(in io.Reader) io.Reader {
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(64 << 10)
	line, rest, _ := bytes.Cut(head, []byte{'\n'})
	if bytes.HasPrefix(bytes.TrimPrefix(line, byteOrderMark), sepLine) {
		line, _, _ = bytes.Cut(rest, []byte{'\n'})
	}
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
	looks         []look // that are left
	dates         dateCache
	seed          maphash.Seed
	seen          map[uint64]bool // nil: not known, or not unique
	unique        bool
}

const aDecimal schema.Type = "decimal"

func newWatch() *watch {
	return &watch{
		types: []schema.Type{schema.Boolean, schema.Integer, aDecimal, schema.Double, schema.Date, schema.Timestamp},
		looks: slices.Clone(looks[:]),
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
		if len(left) == 0 {
			w.looks = slices.DeleteFunc(w.looks, func(l look) bool { return !l.like.Match(text) })
		}
	}
}

// look is how values look that people write and no type reads.
type look struct {
	like  *regexp.Regexp
	shown string
}

var looks = [...]look{
	{regexp.MustCompile(`^-?(0|[1-9][0-9]*|[1-9][0-9]{0,2}(\.[0-9]{3})*)(,[0-9]+)?$`), "numbers with a decimal comma"},
	{regexp.MustCompile(`^-?(0|[1-9][0-9]*|[1-9][0-9]{0,2}(,[0-9]{3})*)(\.[0-9]+)?$`), "numbers with commas between the thousands"},
	{regexp.MustCompile(`^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$`), "days like 29.02.2024"},
	{regexp.MustCompile(`^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$`), "days with slashes"},
	{regexp.MustCompile(`^ *-?(0|[1-9][0-9]*)(\.[0-9]+)? *$`), "numbers with blanks around them"},
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
	if w.values == 0 {
		return s
	}
	if len(w.types) == 0 {
		if len(w.looks) > 0 {
			s.Looks = w.looks[0].shown
		}
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
