package build

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"apotheca/internal/dbt"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// seedTable is a CSV file read as dbt reads it. A seed is small by its nature
// and its types need every row, so it is held whole.
type seedTable struct {
	columns []seedColumn
	rows    [][]string
}

type seedColumn struct {
	name     string
	declared string // type of column_types, or empty
	kind     seedKind
}

// seedKind is an inferred type. Each is tried in this order, and the first in
// which the whole column fits wins.
type seedKind int

const (
	seedNumber seedKind = iota
	seedDate
	seedTimestamp
	seedBoolean
	seedText
	seedInteger // a number column without a decimal point
)

func (c seedColumn) typeName(t warehouse.SeedTypes) string {
	if c.declared != "" {
		return c.declared
	}
	switch c.kind {
	case seedInteger:
		return t.Integer
	case seedNumber:
		return t.Number
	case seedDate:
		return t.Date
	case seedTimestamp:
		return t.Timestamp
	case seedBoolean:
		return t.Boolean
	}
	return t.Text
}

// travels is the logical type in which a column is loaded. Numbers and
// timestamps without a zone go as text in the form every database reads.
func (c seedColumn) travels() schema.Type {
	switch {
	case c.declared != "":
		return schema.Text
	case c.kind == seedBoolean:
		return schema.Boolean
	case c.kind == seedDate:
		return schema.Date
	}
	return schema.Text
}

// parseSeed reads a CSV file with a header.
func parseSeed(r io.Reader, delimiter string, types map[string]string) (*seedTable, error) {
	reader := csv.NewReader(skipBOM(r))
	// As lenient as the reader dbt uses: quotes inside a cell are text, and a
	// short row ends in NULLs.
	reader.LazyQuotes = true
	reader.FieldsPerRecord = -1
	if delimiter != "" {
		comma, size := utf8.DecodeRuneInString(delimiter)
		if size != len(delimiter) {
			return nil, fmt.Errorf("delimiter %q is not one character", delimiter)
		}
		reader.Comma = comma
	}
	header, err := reader.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("the file is empty; a seed begins with a header")
	}
	if err != nil {
		return nil, err
	}
	rows, err := readSeedRows(reader, len(header))
	if err != nil {
		return nil, err
	}
	table := &seedTable{rows: rows}
	for i, name := range seedNames(header) {
		column := seedColumn{name: name, declared: types[name], kind: seedText}
		if column.declared == "" {
			column.kind = inferKind(rows, i)
		}
		table.columns = append(table.columns, column)
	}
	return table, nil
}

func readSeedRows(reader *csv.Reader, width int) ([][]string, error) {
	var rows [][]string
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := reader.FieldPos(0)
		if len(row) > width {
			return nil, fmt.Errorf("line %d has %d values for %d columns\nhint: quote a value that holds the delimiter", line, len(row), width)
		}
		for len(row) < width {
			row = append(row, "")
		}
		for _, cell := range row {
			if !utf8.ValidString(cell) {
				return nil, fmt.Errorf("line %d is not UTF-8\nhint: save the file as UTF-8", line)
			}
		}
		rows = append(rows, row)
	}
}

func skipBOM(r io.Reader) io.Reader {
	buffered := bufio.NewReader(r)
	if start, err := buffered.Peek(3); err == nil && bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3)
	}
	return buffered
}

// seedNames gives an empty header cell a letter and a repeated one a number,
// as dbt's CSV reader does.
func seedNames(header []string) []string {
	names := make([]string, len(header))
	taken := map[string]bool{}
	for i, cell := range header {
		name := strings.TrimSpace(cell)
		if name == "" {
			name = letter(i)
		}
		unique := name
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s_%d", name, n)
		}
		taken[unique] = true
		names[i] = unique
	}
	return names
}

// letter is a, b, …, z, aa, bb, …
func letter(i int) string {
	return strings.Repeat(string(rune('a'+i%26)), i/26+1)
}

// isNull: dbt reads only the empty cell and the word null as NULL.
func isNull(cell string) bool {
	cell = strings.TrimSpace(cell)
	return cell == "" || strings.EqualFold(cell, "null")
}

func inferKind(rows [][]string, column int) seedKind {
	fits := func(read func(string) bool) bool {
		for _, row := range rows {
			if cell := row[column]; !isNull(cell) && !read(cell) {
				return false
			}
		}
		return true
	}
	whole := true
	number := fits(func(cell string) bool {
		text, ok := readNumber(cell)
		whole = whole && !strings.ContainsAny(text, ".eE")
		return ok
	})
	switch {
	case number && whole:
		return seedInteger
	case number:
		return seedNumber
	case fits(func(cell string) bool { _, ok := readDate(cell); return ok }):
		return seedDate
	case fits(func(cell string) bool { _, ok := readTimestamp(cell); return ok }):
		return seedTimestamp
	case fits(func(cell string) bool { _, ok := readBoolean(cell); return ok }):
		return seedBoolean
	}
	return seedText
}

var plainNumber = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)

// readNumber takes off what dbt's reader takes off: thousands separators, a
// percent sign and signs of currency.
func readNumber(cell string) (string, bool) {
	text := strings.TrimSpace(cell)
	text = strings.Trim(text, "%")
	text = strings.ReplaceAll(text, ",", "")
	for _, currency := range []string{"$", "€", "£", "¥", "₹", "₽", "₩", "₪", "₫", "₦", "¢"} {
		text = strings.ReplaceAll(text, currency, "")
	}
	text = strings.TrimSpace(text)
	return text, plainNumber.MatchString(text)
}

func readDate(cell string) (time.Time, bool) {
	t, err := time.Parse("2006-1-2", strings.TrimSpace(cell))
	return t, err == nil
}

// readTimestamp reads a timestamp as dbt does: whole seconds after a space, or
// ISO 8601 with its T, of any precision and with or without an offset. One with
// an offset becomes UTC.
func readTimestamp(cell string) (time.Time, bool) {
	cell = strings.TrimSpace(cell)
	if !strings.Contains(cell, "T") {
		t, err := time.Parse("2006-1-2 15:4:5", cell)
		return t, err == nil && !strings.ContainsAny(cell, ".,")
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02T15", "20060102T150405"} {
		for _, zone := range []string{"", "Z07:00", "Z0700", "Z07"} {
			if t, err := time.Parse(layout+zone, cell); err == nil {
				return t.UTC(), true
			}
		}
	}
	return time.Time{}, false
}

func readBoolean(cell string) (bool, bool) {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// values streams the rows as the bulk path takes them.
func (t *seedTable) values() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range t.rows {
			values := make([]any, len(row))
			for i, cell := range row {
				values[i] = t.columns[i].value(cell)
			}
			if !yield(values, nil) {
				return
			}
		}
	}
}

func (c seedColumn) value(cell string) any {
	if isNull(cell) {
		return nil
	}
	if c.declared != "" {
		return cell
	}
	switch c.kind {
	case seedNumber, seedInteger:
		text, _ := readNumber(cell)
		return text
	case seedDate:
		t, _ := readDate(cell)
		return warehouse.Date{Time: t}
	case seedTimestamp:
		t, _ := readTimestamp(cell)
		return t.Format("2006-01-02 15:04:05.999999")
	case seedBoolean:
		b, _ := readBoolean(cell)
		return b
	}
	return cell
}

// shown is the file as macros read it: load_agate_table().
func (t *seedTable) shown(types warehouse.SeedTypes) *dbt.Table {
	table := &dbt.Table{}
	for _, c := range t.columns {
		table.Columns = append(table.Columns, dbt.Column{Name: c.name, DataType: c.typeName(types)})
	}
	for row := range t.values() {
		for i, value := range row {
			if text, ok := value.(string); ok && t.columns[i].declared == "" && (t.columns[i].kind == seedNumber || t.columns[i].kind == seedInteger) {
				row[i] = dbt.Decimal(text)
				continue
			}
			row[i] = templateValue(value)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
