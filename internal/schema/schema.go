package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is a logical column type, written the way mappings spell it: "text",
// "integer", "decimal(18,3)". Types compare with ==.
type Type string

// The logical types. A decimal carries its size: see Decimal.
const (
	Text      Type = "text"
	Integer   Type = "integer" // 64 bits, signed
	Double    Type = "double"  // IEEE 754, 64 bits
	Boolean   Type = "boolean"
	Date      Type = "date"
	Timestamp Type = "timestamp" // an instant, kept in UTC
	JSON      Type = "json"      // JSON text
)

// DecimalPrecisionMax is the largest precision that every warehouse keeps
// exactly.
const DecimalPrecisionMax = 38

// Decimal is the exact number with the given count of digits, scale of them
// behind the point.
func Decimal(precision, scale int) Type {
	return Type(fmt.Sprintf("decimal(%d,%d)", precision, scale))
}

// DecimalSize reports the size of a decimal; ok is false for other types.
func (t Type) DecimalSize() (precision, scale int, ok bool) {
	inner, found := strings.CutPrefix(string(t), "decimal(")
	if !found {
		return 0, 0, false
	}
	inner, found = strings.CutSuffix(inner, ")")
	if !found {
		return 0, 0, false
	}
	left, right, _ := strings.Cut(inner, ",")
	precision, errP := strconv.Atoi(strings.TrimSpace(left))
	scale, errS := strconv.Atoi(strings.TrimSpace(right))
	if errP != nil || errS != nil || precision < 1 || precision > DecimalPrecisionMax || scale < 0 || scale > precision {
		return 0, 0, false
	}
	return precision, scale, true
}

// ParseType reads a logical type and brings its spelling into the one form in
// which types compare.
func ParseType(text string) (Type, error) {
	t := Type(strings.ToLower(strings.TrimSpace(text)))
	switch t {
	case Text, Integer, Double, Boolean, Date, Timestamp, JSON:
		return t, nil
	}
	if precision, scale, ok := t.DecimalSize(); ok {
		return Decimal(precision, scale), nil
	}
	return "", fmt.Errorf("parse type %q: not one of text, integer, double, boolean, date, timestamp, json, decimal(p,s)", text)
}

// Column is one column of a table.
type Column struct {
	Name        string
	Type        Type
	Nullable    bool
	Description string
}

// Table is a table as it should be, before any database has seen it.
type Table struct {
	Name        string
	Columns     []Column
	Key         []string // the natural key, in order
	Description string
}

// Column returns the column of that name.
func (t Table) Column(name string) (Column, bool) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}
