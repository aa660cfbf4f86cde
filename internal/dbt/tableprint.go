package dbt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"apotheca/internal/jinja"
)

// PrintLimits bound what is printed of a table; a negative number is no limit.
type PrintLimits struct{ Rows, Columns, Width, Precision int }

// DefaultPrintLimits are those of print_table() in templates.
func DefaultPrintLimits() PrintLimits {
	return PrintLimits{Rows: 20, Columns: 6, Width: 20, Precision: 3}
}

const cutMark = "..."

// Print sets the table as agate does: texts to the left, cut when they are
// long, all else to the right, and numbers with a mark between thousands.
func (t *Table) Print(limits PrintLimits) string {
	v := tableValue{t}
	shown := len(t.Columns)
	if limits.Columns >= 0 {
		shown = min(shown, limits.Columns)
	}
	rows := len(t.Rows)
	if limits.Rows >= 0 {
		rows = min(rows, limits.Rows)
	}
	columns := make([]printedColumn, 0, shown+1)
	for i := range shown {
		columns = append(columns, v.printedColumn(i, rows, limits))
	}
	if shown < len(t.Columns) {
		rest := printedColumn{width: len(cutMark)}
		for range rows + 1 {
			rest.cells = append(rest.cells, cutMark)
		}
		columns = append(columns, rest)
	}
	if rows < len(t.Rows) {
		for i := range columns {
			columns[i].add(cutMark)
		}
	}
	return printedTable(columns)
}

// printedColumn is one column as text; its first cell is its name.
type printedColumn struct {
	cells []string
	width int
	right bool
}

func (c *printedColumn) add(cell string) {
	c.cells = append(c.cells, cell)
	c.width = max(c.width, utf8.RuneCountInString(cell))
}

func (t tableValue) printedColumn(at, rows int, limits PrintLimits) printedColumn {
	c := printedColumn{}
	c.add(cut(t.Columns[at].Name, limits.Width))
	values := make([]any, len(t.Rows))
	c.right = true // all but texts
	digits := 0
	for i, row := range t.Rows {
		values[i] = t.value(at, row[at])
		if values[i] == nil {
			continue
		}
		number, _ := numberText(values[i])
		_, isText := values[i].(string)
		c.right = c.right && !isText
		_, fraction, _ := strings.Cut(number, ".")
		digits = max(digits, len(strings.TrimRight(fraction, "0")))
	}
	for _, value := range values[:rows] {
		switch number, ok := numberText(value); {
		case value == nil:
			c.add("")
		case ok && c.right:
			c.add(thousands(number, digits, limits.Precision))
		default:
			c.add(cut(jinja.Str(value), limits.Width))
		}
	}
	return c
}

func numberText(v any) (string, bool) {
	switch v.(type) {
	case int64, float64, jinja.Decimal:
		text := jinja.Str(v)
		return text, !strings.ContainsAny(text, "eEn")
	}
	return "", false
}

// thousands writes a number with the given digits behind the point, at most
// limit of them; a mark says that some are missing.
func thousands(number string, digits, limit int) string {
	mark := ""
	if limit >= 0 && digits > limit {
		digits, mark = limit, "…"
	}
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, fraction, _ := strings.Cut(number, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if digits > 0 {
		fraction = (fraction + strings.Repeat("0", digits))[:digits]
		b.WriteString("." + fraction)
	}
	return sign + b.String() + mark
}

func cut(text string, width int) string {
	if runes := []rune(text); width >= 0 && len(runes) > width {
		return string(runes[:max(width-len(cutMark), 0)]) + cutMark
	}
	return text
}

func printedTable(columns []printedColumn) string {
	if len(columns) == 0 {
		return ""
	}
	var b strings.Builder
	line := func(cell func(c printedColumn) string) {
		for _, c := range columns {
			b.WriteString("| " + cell(c) + " ")
		}
		b.WriteString("|\n")
	}
	for row := range columns[0].cells {
		line(func(c printedColumn) string {
			pad := strings.Repeat(" ", c.width-utf8.RuneCountInString(c.cells[row]))
			if c.right {
				return pad + c.cells[row]
			}
			return c.cells[row] + pad
		})
		if row == 0 {
			line(func(c printedColumn) string { return strings.Repeat("-", c.width) })
		}
	}
	return b.String()
}

// JSON is the table's rows as `dbt show --output json` prints them. The name
// of the node is empty for a query of its own.
func (t *Table) JSON(node string) (string, error) {
	rows, v := jinja.NewList(), tableValue{t}
	for i := range t.Rows {
		row := jinja.NewDict()
		for c, value := range v.row(i) {
			if at, ok := value.(datetime); ok {
				value = at.iso("T", "auto")
			}
			row.Set(t.Columns[c].Name, value)
		}
		rows.V = append(rows.V, row)
	}
	shown := jinja.NewDict()
	if node != "" {
		shown.Set("node", node)
	}
	shown.Set("show", rows)
	compact, err := appendJSON(nil, shown, jsonStyle{ascii: true})
	if err != nil {
		return "", err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, compact, "", "  "); err != nil {
		return "", fmt.Errorf("indent JSON: %w", err)
	}
	return indented.String(), nil
}
