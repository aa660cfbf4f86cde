package csvfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/schema"
	"apotheca/internal/spelling"
)

// layout says what each field of a record is.
type layout struct {
	fields []place
	names  []string // as the file has them
}

// place is where the value of a field goes.
type place struct {
	column  int // of the block, -1: nowhere
	offset  int // of the block, -1: nowhere
	typ     schema.Type
	kind    kind
	null    bool // may be empty
	utc     bool
	size    [2]int // of a decimal: precision, scale
	quoting bool   // text
}

type kind byte

const (
	kindIgnored kind = iota
	kindInteger
	kindDouble
	kindDecimal
	kindBoolean
	kindDate
	kindTimestamp
	kindText
)

// HeaderError says that a file is not one of the table's.
type HeaderError struct {
	File    string
	Problem string
	Advice  string
}

func (e *HeaderError) Error() string { return e.File + ": " + e.Problem }

// Hint is what to do.
func (e *HeaderError) Hint() string { return e.Advice }

// layout finds the columns of the table in a header, in any case and order.
// What the table does not name is passed over.
func (t *Table) layout(file string, line int64, header *record) (layout, error) {
	var l layout
	if header.problem != "" {
		return l, &HeaderError{File: file, Problem: fmt.Sprintf("line %d: %s", line, header.problem)}
	}
	var scratch []byte
	for _, f := range header.fields {
		l.names = append(l.names, string(bytes.TrimSpace(f.value(&scratch))))
		l.fields = append(l.fields, place{column: -1, offset: -1})
		if bytes.IndexByte(f.text, '\r') >= 0 && !f.quoted {
			return l, &HeaderError{File: file, Problem: "its lines end with a carriage return alone",
				Advice: `tr '\r' '\n' makes line feeds of them`}
		}
	}
	var missing []string
	column := 0
	for _, c := range t.Columns {
		at := slices.IndexFunc(l.names, func(name string) bool { return strings.EqualFold(name, c.header()) })
		if at < 0 {
			missing = append(missing, c.header())
		} else if again := slices.IndexFunc(l.names[at+1:], func(name string) bool { return strings.EqualFold(name, c.header()) }); again >= 0 {
			return l, &HeaderError{File: file, Problem: fmt.Sprintf("two columns are named %s: the %s and the %s",
				c.header(), ordinal(at+1), ordinal(at+again+2))}
		} else {
			l.fields[at] = placeOf(c, column)
		}
		column++
		if c.Offset != "" {
			column++
		}
	}
	if len(missing) > 0 {
		return l, t.missing(file, missing, l.names)
	}
	return l, nil
}

func placeOf(c Column, column int) place {
	p := place{column: column, offset: -1, typ: c.Type, null: !c.Required, utc: c.UTC}
	if c.Offset != "" {
		p.offset = column + 1
	}
	switch c.Type {
	case schema.Integer:
		p.kind = kindInteger
	case schema.Double:
		p.kind = kindDouble
	case schema.Boolean:
		p.kind = kindBoolean
	case schema.Date:
		p.kind = kindDate
	case schema.Timestamp:
		p.kind = kindTimestamp
	case schema.Text:
		p.kind = kindText
	default:
		p.kind = kindDecimal
		p.size[0], p.size[1], _ = c.Type.DecimalSize()
	}
	return p
}

// missing names what is not there, what is, and what may have been meant.
func (t *Table) missing(file string, missing, found []string) error {
	noun := "column " + missing[0] + " is missing"
	if len(missing) > 1 {
		noun = "columns " + strings.Join(missing, ", ") + " are missing"
	}
	var shown []string
	for _, name := range found {
		if name == "" {
			name = "(no name)"
		}
		shown = append(shown, name)
	}
	e := &HeaderError{File: file, Problem: fmt.Sprintf("%s of table %s; its columns are %s", noun, t.Name, strings.Join(shown, ", "))}
	if len(found) == 1 {
		e.Advice = "one column only: is the delimiter another one? `delimiter: ';'` in pipeline.yml names it"
	} else if near := nearest(missing[0], found); near != "" {
		e.Advice = fmt.Sprintf("if %s is meant, write `header: %s` at the column in pipeline.yml", near, near)
	}
	return e
}

// nearest is the name that a person may have meant, or nothing.
func nearest(want string, names []string) string {
	best, distance := "", len(want)/2+1
	for _, name := range names {
		if d := spelling.Distance(squeezed(want), squeezed(name)); name != "" && d < distance {
			best, distance = name, d
		}
	}
	return best
}

// squeezed leaves letters and digits, in one case.
func squeezed(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("_- .", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}
