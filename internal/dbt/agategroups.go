package dbt

import (
	"encoding/csv"
	"strings"

	"apotheca/internal/jinja"
)

// tableSet is what group_by() makes: a table for each key, in the order in
// which the keys were met.
type tableSet struct {
	name   string
	tables *jinja.Dict
}

func (t tableValue) groupBy(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	key := argument(a, kw, 0, "key", nil)
	keyOf, err := t.keyOf(st, key)
	if err != nil {
		return nil, err
	}
	set := tableSet{name: "group", tables: jinja.NewDict()}
	if s, ok := key.(string); ok {
		set.name = s
	}
	if n := argument(a, kw, 1, "key_name", nil); n != nil {
		set.name = jinja.Str(n)
	}
	for i := range t.Rows {
		k, err := keyOf(i)
		if err != nil {
			return nil, err
		}
		found, _ := set.tables.Get(k)
		group, ok := found.(tableValue)
		if !ok {
			group = t.withRows(nil)
			set.tables.Set(k, group)
		}
		group.Rows = append(group.Rows, t.Rows[i])
	}
	return set, nil
}

func (s tableSet) Str() string  { return "<agate.TableSet: " + jinja.Str(s.tables.Len()) + " tables>" }
func (s tableSet) Iter() []any  { return s.tables.Vals() }
func (s tableSet) Truth() bool  { return s.tables.Len() > 0 }
func (s tableSet) Hash() string { return "tableset:" + jinja.Repr(&jinja.Tuple{V: s.tables.Keys()}) }

func (s tableSet) GetItem(key any) (any, bool) {
	if v, ok := at(s.tables.Vals(), key); ok {
		return v, true
	}
	return s.tables.Get(key)
}

func (s tableSet) GetAttr(name string) (any, bool) {
	switch name {
	case "key_name":
		return s.name, true
	case "keys":
		return constantMacro(&jinja.Tuple{V: s.tables.Keys()}), true
	case "values":
		return constantMacro(&jinja.Tuple{V: s.tables.Vals()}), true
	case "items":
		return function(func([]any, *jinja.Dict) (any, error) {
			l := jinja.NewList()
			for i := range s.tables.Len() {
				k, v := s.tables.At(i)
				l.V = append(l.V, &jinja.Tuple{V: []any{k, v}})
			}
			return l, nil
		}), true
	case "merge":
		return function(func([]any, *jinja.Dict) (any, error) { return mergeTables(&jinja.Tuple{V: s.tables.Vals()}) }), true
	}
	return nil, false
}

// print prints as the function print() does.
func (t tableValue) print(st *jinja.State, name string, a []any, kw *jinja.Dict) error {
	text := ""
	switch name {
	case "print_table":
		text = t.Print(printLimits(a, kw))
	case "print_structure":
		text = t.Str()
	case "print_csv":
		text = t.csv()
	case "print_json":
		rows := jinja.NewList()
		for i := range t.Rows {
			rows.V = append(rows.V, rowValue{t, t.row(i)}.dict())
		}
		text = jsonText(rows)
	}
	f, ok := st.Globals("print")
	if !ok {
		return nil
	}
	_, err := st.Call(f, []any{strings.TrimSuffix(text, "\n")}, nil)
	return err
}

// printLimits reads print_table()'s arguments.
func printLimits(a []any, kw *jinja.Dict) PrintLimits {
	limits := DefaultPrintLimits()
	for _, l := range []struct {
		i    int
		name string
		to   *int
	}{{0, "max_rows", &limits.Rows}, {1, "max_columns", &limits.Columns}, {3, "max_column_width", &limits.Width}, {5, "max_precision", &limits.Precision}} {
		switch n := argument(a, kw, l.i, l.name, missing).(type) {
		case int64:
			*l.to = int(n)
		case nil:
			*l.to = -1
		}
	}
	return limits
}

func (t tableValue) csv() string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	line := func(values []any) {
		fields := make([]string, len(values))
		for i, v := range values {
			if v != nil {
				fields[i] = jinja.Str(v)
			}
		}
		_ = w.Write(fields) // a Builder takes everything
	}
	line(t.names())
	for i := range t.Rows {
		line(t.row(i))
	}
	w.Flush()
	return b.String()
}
