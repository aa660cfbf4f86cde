package dbt

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"apotheca/internal/jinja"
)

// tableValue is a query's result as templates see it: an agate table.
type tableValue struct{ *Table }

func (t tableValue) Iter() []any { return t.rows() }
func (t tableValue) Truth() bool { return len(t.Rows) > 0 }

// Str is a table of the columns and their types, as agate prints a Table.
func (t tableValue) Str() string {
	names, types := printedColumn{}, printedColumn{}
	names.add("column")
	types.add("data_type")
	for i, name := range t.names() {
		names.add(jinja.Str(name))
		types.add(string(t.agateType(i)))
	}
	return printedTable([]printedColumn{names, types})
}

// GetItem gives a row.
func (t tableValue) GetItem(key any) (any, bool) { return at(t.rows(), key) }

func (t tableValue) rows() []any {
	out := make([]any, len(t.Rows))
	for i := range t.Rows {
		out[i] = rowValue{t, t.row(i)}
	}
	return out
}

func (t tableValue) row(i int) []any {
	values := make([]any, len(t.Rows[i]))
	for j, v := range t.Rows[i] {
		values[j] = t.value(j, v)
	}
	return values
}

// value turns what a driver returned into what templates compute with.
func (t tableValue) value(column int, v any) any {
	switch x := v.(type) {
	case nil, bool, int64, string:
		return v
	case float64:
		if d, err := jinja.ParseDecimal(jinja.Str(x)); err == nil {
			return d
		}
		return v
	case []byte:
		return jinja.Bytes(x).Str()
	case Decimal:
		if n, ok := new(big.Int).SetString(string(x), 10); ok && column < len(t.Columns) && wholeType(t.Columns[column].DataType) {
			return jinja.FromGo(n)
		}
		if d, err := jinja.ParseDecimal(string(x)); err == nil {
			return d
		}
		return string(x)
	case time.Time:
		if column < len(t.Columns) && strings.EqualFold(t.Columns[column].DataType, "date") {
			return dateValue{day(x)}
		}
		if x.Location() == time.UTC {
			return datetime{inUTC(x), nil}
		}
		return datetimeIn(x)
	}
	return jinja.FromGo(v)
}

// wholeType reports integers for which a driver has no type of its own.
func wholeType(name string) bool {
	return in(strings.ToUpper(name), "HUGEINT", "UHUGEINT", "UBIGINT")
}

// names are the columns'; one that is there again gets a number.
func (t tableValue) names() []any {
	out := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		name := c.Name
		for n := 2; slices.Contains(out[:i], any(name)); n++ {
			name = fmt.Sprintf("%s_%d", c.Name, n)
		}
		out[i] = name
	}
	return out
}

func (t tableValue) column(i int) columnOfTable { return columnOfTable{t, i} }

func (t tableValue) GetAttr(name string) (any, bool) {
	switch name {
	case "columns":
		return columnsOfTable{t}, true
	case "rows":
		return rowsOfTable{t}, true
	case "column_names":
		return &jinja.Tuple{V: t.names()}, true
	case "column_types":
		types := &jinja.Tuple{}
		for i := range t.Columns {
			types.V = append(types.V, t.agateType(i))
		}
		return types, true
	case "row_names":
		return nil, true
	}
	f := t.tableMethod(name)
	return f, f != nil
}

// columnsOfTable are a result's columns, by place or by name.
type columnsOfTable struct{ t tableValue }

func (c columnsOfTable) Str() string { return sequenceText("MappedSequence", c.Iter()) }

// sequenceText is how agate prints what it holds: no more than five of it.
func sequenceText(class string, all []any) string {
	shown, more := all, ""
	if len(all) > 5 {
		shown, more = all[:5], ", ...)"
	}
	text := jinja.Repr(&jinja.Tuple{V: shown})
	if more != "" {
		text = strings.TrimSuffix(text, ")") + more
	}
	return "<agate." + class + ": " + text + ">"
}

func (c columnsOfTable) Iter() []any {
	out := make([]any, len(c.t.Columns))
	for i := range out {
		out[i] = c.t.column(i)
	}
	return out
}

func (c columnsOfTable) GetItem(key any) (any, bool) {
	if i, ok := key.(int64); ok {
		if i < 0 {
			i += int64(len(c.t.Columns))
		}
		if i >= 0 && i < int64(len(c.t.Columns)) {
			return c.t.column(int(i)), true
		}
		return nil, false
	}
	for i, name := range c.t.names() {
		if name == jinja.Str(key) {
			return c.t.column(i), true
		}
	}
	return nil, false
}

func (c columnsOfTable) GetAttr(name string) (any, bool) {
	switch name {
	case "keys":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return &jinja.Tuple{V: c.t.names()}, nil }), true
	case "values":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return &jinja.Tuple{V: c.Iter()}, nil }), true
	case "items":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) {
			l := jinja.NewList()
			for i, name := range c.t.names() {
				l.V = append(l.V, &jinja.Tuple{V: []any{name, c.t.column(i)}})
			}
			return l, nil
		}), true
	case "dict":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) {
			d := jinja.NewDict()
			for i, name := range c.t.names() {
				d.Set(name, c.t.column(i))
			}
			return d, nil
		}), true
	case "get":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			if v, ok := c.GetItem(argument(a, kw, 0, "key", nil)); ok {
				return v, nil
			}
			return argument(a, kw, 1, "default", nil), nil
		}), true
	}
	return nil, false
}

// columnOfTable is one column of a result: a sequence of its values.
type columnOfTable struct {
	t tableValue
	i int
}

func (c columnOfTable) Iter() []any {
	out := make([]any, len(c.t.Rows))
	for r := range c.t.Rows {
		out[r] = c.t.value(c.i, c.t.Rows[r][c.i])
	}
	return out
}

func (c columnOfTable) GetItem(key any) (any, bool) { return at(c.Iter(), key) }

func (c columnOfTable) GetAttr(name string) (any, bool) {
	switch name {
	case "name":
		return c.t.names()[c.i], true
	case "data_type":
		return c.t.agateType(c.i), true
	case "index":
		return int64(c.i), true
	case "values":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return &jinja.Tuple{V: c.Iter()}, nil }), true
	case "keys":
		return constantMacro(nil), true
	case "values_without_nulls":
		return function(func([]any, *jinja.Dict) (any, error) { return &jinja.Tuple{V: c.withoutNulls()}, nil }), true
	case "values_sorted", "values_without_nulls_sorted":
		return function(func([]any, *jinja.Dict) (any, error) {
			values := c.Iter()
			if name != "values_sorted" {
				values = c.withoutNulls()
			}
			var err error
			slices.SortStableFunc(values, func(a, b any) int {
				order, failed := compareNullsLast(a, b)
				if failed != nil {
					err = failed
				}
				return order
			})
			return jinja.NewList(values...), err
		}), true
	case "values_distinct":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) {
			d := jinja.NewDict()
			for _, v := range c.Iter() {
				d.Set(v, true)
			}
			return &jinja.Tuple{V: keysIn(d)}, nil
		}), true
	}
	return nil, false
}

func (c columnOfTable) withoutNulls() []any {
	return slices.DeleteFunc(c.Iter(), func(v any) bool { return v == nil })
}

func (c columnOfTable) Str() string { return sequenceText("Column", c.Iter()) }

// Hash makes columns of the same values equal.
func (c columnOfTable) Hash() string { return "column:" + jinja.Repr(&jinja.Tuple{V: c.Iter()}) }

func at(items []any, key any) (any, bool) {
	i, ok := key.(int64)
	if i < 0 {
		i += int64(len(items))
	}
	if !ok || i < 0 || i >= int64(len(items)) {
		return nil, false
	}
	return items[i], true
}

// rowsOfTable are a result's rows.
type rowsOfTable struct{ t tableValue }

func (r rowsOfTable) Iter() []any                 { return r.t.rows() }
func (r rowsOfTable) GetItem(key any) (any, bool) { return at(r.t.rows(), key) }
func (r rowsOfTable) Str() string                 { return sequenceText("MappedSequence", r.Iter()) }
func (r rowsOfTable) GetAttr(name string) (any, bool) {
	switch name {
	case "values":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return &jinja.Tuple{V: r.t.rows()}, nil }), true
	case "keys": // rows have no names
		return constantMacro(nil), true
	}
	return nil, false
}

// rowValue is one row: its values by place or by name.
type rowValue struct {
	t      tableValue
	values []any
}

func (r rowValue) Iter() []any  { return r.values }
func (r rowValue) Str() string  { return sequenceText("Row", r.values) }
func (r rowValue) Hash() string { return "row:" + jinja.Repr(&jinja.Tuple{V: r.values}) }

func (r rowValue) GetItem(key any) (any, bool) {
	if v, ok := at(r.values, key); ok {
		return v, true
	}
	if name, ok := key.(string); ok {
		for i, n := range r.t.names() {
			if n == name {
				return r.values[i], true
			}
		}
	}
	return nil, false
}

func (r rowValue) GetAttr(name string) (any, bool) {
	var f func(a []any, kw *jinja.Dict) any
	switch name {
	case "values":
		f = func([]any, *jinja.Dict) any { return &jinja.Tuple{V: r.values} }
	case "keys":
		f = func([]any, *jinja.Dict) any { return &jinja.Tuple{V: r.t.names()} }
	case "dict":
		f = func([]any, *jinja.Dict) any { return r.dict() }
	case "items":
		f = func([]any, *jinja.Dict) any {
			l := jinja.NewList()
			for i, name := range r.t.names() {
				l.V = append(l.V, &jinja.Tuple{V: []any{name, r.values[i]}})
			}
			return l
		}
	case "get":
		f = func(a []any, kw *jinja.Dict) any {
			if v, ok := r.GetItem(argument(a, kw, 0, "key", nil)); ok {
				return v
			}
			return argument(a, kw, 1, "default", nil)
		}
	default:
		return r.GetItem(name)
	}
	return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return f(a, kw), nil }), true
}

func (r rowValue) dict() *jinja.Dict {
	d := jinja.NewDict()
	for i, name := range r.t.names() {
		d.Set(name, r.values[i])
	}
	return d
}

// jsonText is a value as JSON, for messages.
func jsonText(v any) string {
	written, err := appendJSON(nil, v, jsonStyle{spaced: true})
	if err != nil {
		return jinja.Repr(v)
	}
	return string(written)
}
