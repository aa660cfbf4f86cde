package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"apotheca/internal/warehouse"
)

// columnWidthMax is where a cell of a printed table is cut; csv and json
// carry everything.
const columnWidthMax = 60

// grid prints rows in columns as wide as their widest cell, numbers to the
// right. It holds all rows: it is for what a person reads.
type grid struct {
	head  []string
	rows  [][]string
	right []bool // columns of numbers
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// addRow adds values of a result; columns of numbers go to the right.
func (g *grid) addRow(row []any) {
	cells := make([]string, len(row))
	for i, value := range row {
		cells[i] = cell(value)
		switch value.(type) {
		case int64, float64, warehouse.Decimal:
			g.right[i] = true
		}
	}
	g.add(cells...)
}

func (g *grid) write(w io.Writer, indent string) {
	widths := make([]int, len(g.head))
	for _, row := range append([][]string{g.head}, g.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(cells []string) {
		var b strings.Builder
		b.WriteString(indent)
		for i, cell := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < len(g.right) && g.right[i] {
				b.WriteString(pad + cell)
			} else {
				b.WriteString(cell + pad)
			}
			b.WriteString("  ")
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
	line(g.head)
	rules := make([]string, len(widths))
	for i, width := range widths {
		rules[i] = strings.Repeat("─", width)
	}
	line(rules)
	for _, row := range g.rows {
		line(row)
	}
}

// writeRows prints a query's result in one of the formats of `query`. Only the
// table holds all rows; csv and json are written as they come.
func writeRows(w io.Writer, rows *warehouse.Rows, format string) error {
	switch format {
	case "csv":
		return writeCSV(w, rows)
	case "json":
		return writeJSON(w, rows)
	default:
		return writeTable(w, rows)
	}
}

func writeTable(w io.Writer, rows *warehouse.Rows) error {
	var g grid
	for _, c := range rows.Columns {
		g.head = append(g.head, c.Name)
		g.right = append(g.right, false)
	}
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		g.addRow(row)
	}
	g.write(w, "")
	noun := "rows"
	if len(g.rows) == 1 {
		noun = "row"
	}
	fmt.Fprintf(w, "(%d %s)\n", len(g.rows), noun)
	return nil
}

// cell is a value on one line of bounded width.
func cell(value any) string {
	text := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, warehouse.Text(value))
	if utf8.RuneCountInString(text) > columnWidthMax {
		return string([]rune(text)[:columnWidthMax-1]) + "…"
	}
	return text
}

func writeCSV(w io.Writer, rows *warehouse.Rows) error {
	out := csv.NewWriter(w)
	names := make([]string, len(rows.Columns))
	for i, c := range rows.Columns {
		names[i] = c.Name
	}
	if err := out.Write(names); err != nil {
		rows.Close()
		return err
	}
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		cells := make([]string, len(row))
		for i, value := range row {
			if value != nil { // NULL is the empty field
				cells[i] = warehouse.Text(value)
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an array with one object a line, columns in their order.
func writeJSON(w io.Writer, rows *warehouse.Rows) error {
	fmt.Fprint(w, "[")
	separator := "\n"
	for row, err := range rows.All() {
		if err != nil {
			return err
		}
		object, err := jsonObject(rows.Columns, row)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s  %s", separator, object); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err := fmt.Fprint(w, "\n]\n")
	return err
}

// jsonObject is a row as an object, columns in their order.
func jsonObject(columns []warehouse.ResultColumn, row []any) ([]byte, error) {
	var b bytes.Buffer
	for i, value := range row {
		b.WriteString(map[bool]string{true: "{", false: ", "}[i == 0])
		name, _ := json.Marshal(columns[i].Name)
		text, err := json.Marshal(jsonValue(value))
		if err != nil {
			return nil, fmt.Errorf("encode column %s: %w", columns[i].Name, err)
		}
		b.Write(name)
		b.WriteString(": ")
		b.Write(text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// jsonValue keeps exact numbers exact and writes times as the table does.
func jsonValue(value any) any {
	switch v := value.(type) {
	case nil, bool, int64, string:
		return v
	case warehouse.Decimal:
		return json.Number(v)
	case float64:
		if v != v || v > maxFloat || v < -maxFloat { // JSON has no NaN and no infinity
			return warehouse.Text(v)
		}
		return v
	default:
		return warehouse.Text(v)
	}
}

const maxFloat = 1.7976931348623157e308
