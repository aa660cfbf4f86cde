package dbt

import (
	"fmt"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// columnValue is a Column as templates see it: the type's name and its sizes
// apart, each None where it is not known.
type columnValue struct {
	s                      *scope
	name, dtype            string
	size, precision, scale any
	written                string // the whole type as somebody wrote it; may be empty
}

// plain is the column with its whole type.
func (c columnValue) plain() Column {
	if c.written == "" {
		return Column{Name: c.name, DataType: c.fullType()}
	}
	return Column{Name: c.name, DataType: c.written}
}

// column is a column that a database told of. DuckDB's types are one word with
// their sizes, as dbt has them there; PostgreSQL tells the sizes of all numbers,
// in bits where they are not decimal.
func (s *scope) column(c Column) columnValue {
	v := columnValue{s: s, name: c.Name, dtype: c.DataType, written: c.DataType}
	if s.p.Target.Type == "duckdb" {
		return v
	}
	if described, err := s.describedColumn(c.Name, c.DataType); err == nil {
		v = described
	}
	if s.p.Target.Type != "postgres" {
		return v
	}
	bits := map[string]int64{"smallint": 16, "integer": 32, "bigint": 64, "real": 24, "double precision": 53}
	if n, ok := bits[v.dtype]; ok {
		v.precision = n
		if v.isInteger() {
			v.scale = int64(0)
		}
	}
	return v
}

var typeWithSizes = pattern(`^([^(]+)(\([^)]+\))?`)

// describedColumn reads a type as it stands in SQL.
func (s *scope) describedColumn(name, raw string) (columnValue, error) {
	m := typeWithSizes().FindStringSubmatch(raw)
	if m == nil {
		return columnValue{}, fmt.Errorf("Could not interpret data type %q", raw) //nolint:staticcheck // dbt's words
	}
	v := columnValue{s: s, name: name, dtype: m[1], written: raw}
	if m[2] == "" {
		return v, nil
	}
	var sizes []any
	parts := strings.Split(m[2][1:len(m[2])-1], ",")
	for _, part := range parts {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil && len(parts) < 3 {
			return v, fmt.Errorf("Could not interpret data_type %q: could not convert %q to an integer", raw, part) //nolint:staticcheck // dbt's words
		}
		sizes = append(sizes, n)
	}
	switch len(sizes) {
	case 1:
		v.size = sizes[0]
	case 2:
		v.precision, v.scale = sizes[0], sizes[1]
	}
	return v, nil
}

func (c columnValue) Hash() string { return "column:" + c.Repr() }
func (c columnValue) Str() string  { return c.Repr() }

func (c columnValue) Repr() string {
	class, more := c.s.p.adapterClass(), ""
	switch class {
	case "DuckDB":
		more = ", fields=[]"
	case "Postgres":
	default:
		return fmt.Sprintf("<%sColumn %s (%s)>", class, c.name, c.fullType())
	}
	return fmt.Sprintf("%sColumn(column=%s, dtype=%s, char_size=%s, numeric_precision=%s, numeric_scale=%s%s)", class,
		jinja.Repr(c.name), jinja.Repr(c.dtype), jinja.Repr(c.size), jinja.Repr(c.precision), jinja.Repr(c.scale), more)
}

// adapterClass is how dbt's classes for the target begin.
func (p *Project) adapterClass() string {
	switch t := p.Target.Type; t {
	case "duckdb":
		return "DuckDB"
	case "":
		return "Base"
	default:
		return strings.ToUpper(t[:1]) + t[1:]
	}
}

func (c columnValue) isString() bool {
	return in(strings.ToLower(c.dtype), "text", "varchar", "character varying", "character")
}

func (c columnValue) isNumeric() bool { return in(strings.ToLower(c.dtype), "decimal", "numeric") }

func (c columnValue) isFloat() bool {
	t := strings.ToLower(c.dtype)
	return in(t, "real", "float", "float4", "float8", "double") || t == "double precision" && c.s.p.Target.Type != "duckdb"
}

func (c columnValue) isInteger() bool {
	t := strings.ToLower(c.dtype)
	if c.s.p.Target.Type == "duckdb" {
		return in(t, "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint",
			"int1", "int2", "int4", "int8", "short", "int", "signed", "long")
	}
	return in(t, "smallint", "integer", "bigint", "smallserial", "serial", "bigserial", "int2", "int4", "int8", "serial2", "serial4", "serial8")
}

// fullType is the type as it can be written into SQL: for a text with its
// size, which dbt takes to be 256 where there is none.
func (c columnValue) fullType() string {
	t := strings.ToLower(c.dtype)
	switch {
	case c.s.p.Target.Type == "postgres" && (t == "text" || t == "character varying" && c.size == nil):
		return c.dtype
	case c.isString():
		return "character varying(" + jinja.Str(c.stringSize()) + ")"
	case c.isNumeric():
		return numericType(c.dtype, c.precision, c.scale)
	}
	return c.dtype
}

func numericType(name string, precision, scale any) string {
	if precision == nil || scale == nil {
		return name
	}
	return fmt.Sprintf("%s(%s,%s)", name, jinja.Str(precision), jinja.Str(scale))
}

func (c columnValue) stringSize() any {
	if c.size == nil || c.dtype == "text" {
		return int64(256)
	}
	return c.size
}

func (c columnValue) GetAttr(name string) (any, bool) {
	switch name {
	case "name", "column":
		return c.name, true
	case "dtype":
		return c.dtype, true
	case "data_type", "expanded_data_type":
		return c.fullType(), true
	case "quoted":
		return quoteIdentifier(c.name), true
	case "char_size":
		return c.size, true
	case "numeric_precision":
		return c.precision, true
	case "numeric_scale":
		return c.scale, true
	case "is_string":
		return constantMacro(c.isString()), true
	case "is_numeric":
		return constantMacro(c.isNumeric()), true
	case "is_float":
		return constantMacro(c.isFloat()), true
	case "is_integer":
		return constantMacro(c.isInteger()), true
	case "is_number":
		return constantMacro(c.isNumeric() || c.isInteger() || c.isFloat()), true
	case "is_struct":
		return constantMacro(strings.HasPrefix(strings.ToLower(c.dtype), "struct")), c.s.p.Target.Type == "duckdb"
	case "string_size":
		return function(func([]any, *jinja.Dict) (any, error) {
			if !c.isString() {
				return nil, fmt.Errorf("Called string_size() on non-string field!") //nolint:staticcheck // dbt's words
			}
			return c.stringSize(), nil
		}), true
	case "can_expand_to":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			other, ok := argument(a, kw, 0, "other_column", nil).(columnValue)
			return ok && c.canExpandTo(other), nil
		}), true
	case "literal":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return jinja.Str(argument(a, kw, 0, "value", "")) + "::" + c.fullType(), nil
		}), true
	}
	return columnClass{c.s}.GetAttr(name)
}

// canExpandTo reports a text that is shorter than another.
func (c columnValue) canExpandTo(other columnValue) bool {
	if !c.isString() || !other.isString() {
		return false
	}
	longer, err := jinja.Compare(other.stringSize(), c.stringSize())
	return err == nil && longer > 0
}

// columnClass is api.Column.
type columnClass struct{ s *scope }

func (c columnClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	part := func(i int, name string) any { return argument(a, kw, i, name, nil) }
	return columnValue{s: c.s, name: jinja.Str(part(0, "column")), dtype: jinja.Str(part(1, "dtype")),
		size: part(2, "char_size"), precision: part(3, "numeric_precision"), scale: part(4, "numeric_scale")}, nil
}

// translateType is the one name of a type that dbt's columns know for all
// databases.
func translateType(name string) string {
	if strings.EqualFold(name, "string") {
		return "TEXT"
	}
	return name
}

func (c columnClass) GetAttr(name string) (any, bool) {
	var f func(a []any, kw *jinja.Dict) (any, error)
	switch name {
	case "TYPE_LABELS":
		return jinja.NewDict("STRING", "TEXT"), true
	case "translate_type":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return translateType(jinja.Str(argument(a, kw, 0, "dtype", ""))), nil
		}
	case "create":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return columnValue{s: c.s, name: jinja.Str(argument(a, kw, 0, "name", "")),
				dtype: translateType(jinja.Str(argument(a, kw, 1, "label_or_dtype", "")))}, nil
		}
	case "from_description":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return c.s.describedColumn(jinja.Str(argument(a, kw, 0, "name", "")), jinja.Str(argument(a, kw, 1, "raw_data_type", "")))
		}
	case "string_type":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return "character varying(" + jinja.Str(argument(a, kw, 0, "size", "")) + ")", nil
		}
	case "numeric_type":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return numericType(jinja.Str(argument(a, kw, 0, "dtype", "")), argument(a, kw, 1, "precision", nil), argument(a, kw, 2, "scale", nil)), nil
		}
	default:
		return nil, false
	}
	return function(f), true
}
