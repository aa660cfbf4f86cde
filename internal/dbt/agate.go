package dbt

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// agateType is the type that agate finds for a column from its values.
type agateType string

const (
	agateInteger  agateType = "Integer"
	agateNumber   agateType = "Number"
	agateBoolean  agateType = "Boolean"
	agateDate     agateType = "Date"
	agateDateTime agateType = "DateTime"
	agateText     agateType = "Text"
)

func (t agateType) Str() string {
	if t == agateInteger {
		return "<dbt_common.clients.agate_helper.Integer object>"
	}
	module := map[agateType]string{agateDateTime: "date_time"}[t]
	if module == "" {
		module = strings.ToLower(string(t))
	}
	return "<agate.data_types." + module + "." + string(t) + " object>"
}

func (t agateType) TypeName() string { return string(t) }

// GetAttr has the two ways in which a type writes its values down.
func (t agateType) GetAttr(name string) (any, bool) {
	if name != "jsonify" && name != "csvify" {
		return nil, false
	}
	return function(func(a []any, kw *jinja.Dict) (any, error) {
		return t.written(argument(a, kw, 0, "d", nil), name == "jsonify")
	}), true
}

func (t agateType) written(value any, json bool) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case dateValue:
		return v.Str(), nil
	case datetime:
		return v.iso("T", "auto"), nil
	}
	switch {
	case json && (t == agateInteger || t == agateBoolean):
		return value, nil
	case json && t == agateNumber:
		return strconv.ParseFloat(jinja.Str(value), 64)
	}
	return jinja.Str(value), nil
}

// agateType of a column in which nothing stands is Integer.
func (t tableValue) agateType(column int) agateType {
	found := agateInteger
	seen := false
	for _, row := range t.Rows {
		var kind agateType
		switch t.value(column, row[column]).(type) {
		case nil:
			continue
		case int64, *big.Int:
			kind = agateInteger
		case jinja.Decimal, float64:
			kind = agateNumber
		case bool:
			kind = agateBoolean
		case dateValue:
			kind = agateDate
		case datetime:
			kind = agateDateTime
		default:
			return agateText
		}
		switch {
		case !seen, kind == found:
			found, seen = kind, true
		case (kind == agateNumber || kind == agateInteger) && (found == agateNumber || found == agateInteger):
			found = agateNumber
		default:
			return agateText
		}
	}
	if found == agateNumber && t.wholeNumbers(column) {
		return agateInteger
	}
	return found
}

// wholeNumbers reports a column of numbers without digits behind the point.
func (t tableValue) wholeNumbers(column int) bool {
	for _, row := range t.Rows {
		if d, ok := t.value(column, row[column]).(jinja.Decimal); ok && strings.ContainsAny(d.String(), ".E") {
			return false
		}
	}
	return true
}

// tableMethod gives the methods of agate's Table; nil for other names. All of
// them make a new table.
func (t tableValue) tableMethod(name string) jinja.Func {
	plain := func(f func(a []any, kw *jinja.Dict) (any, error)) jinja.Func { return function(f) }
	switch name {
	case "select", "exclude":
		return plain(func(a []any, kw *jinja.Dict) (any, error) {
			return t.pick(argument(a, kw, 0, "key", nil), name == "select")
		})
	case "rename":
		return plain(t.rename)
	case "limit":
		return plain(t.limit)
	case "where", "find":
		return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			found, err := t.where(st, argument(a, kw, 0, "test", nil))
			if err != nil || name == "where" {
				return found, err
			}
			if len(found.Rows) == 0 {
				return nil, nil
			}
			return rowValue{found, found.row(0)}, nil
		}
	case "order_by":
		return t.orderBy
	case "distinct":
		return t.distinct
	case "group_by":
		return t.groupBy
	case "merge":
		return plain(func(a []any, kw *jinja.Dict) (any, error) { return mergeTables(argument(a, kw, 0, "tables", nil)) })
	case "join":
		return t.join
	case "print_table", "print_csv", "print_json", "print_structure":
		return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) { return nil, t.print(st, name, a, kw) }
	case "bins", "compute", "denormalize", "homogenize", "normalize", "pivot", "print_bars", "print_html", "to_csv", "to_json",
		"bar_chart", "column_chart", "line_chart", "scatterplot", "aggregate":
		return plain(func([]any, *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("the method %s() of a query's result is not supported", name)
		})
	}
	return nil
}

func (t tableValue) withRows(rows [][]any) tableValue {
	return tableValue{&Table{Columns: t.Columns, Rows: rows}}
}

func (t tableValue) columnIndex(key any) (int, error) {
	if i, ok := key.(int64); ok && i >= 0 && i < int64(len(t.Columns)) {
		return int(i), nil
	}
	for i, name := range t.names() {
		if name == jinja.Str(key) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the table has no column %s", jinja.Repr(key))
}

// columnsOf are the columns that one name or a list of names means.
func (t tableValue) columnsOf(key any) ([]int, error) {
	keys := []any{key}
	if _, one := key.(string); !one {
		var err error
		if keys, err = jinja.Iterate(key); err != nil {
			return nil, err
		}
	}
	var out []int
	for _, k := range keys {
		i, err := t.columnIndex(k)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

func (t tableValue) pick(key any, keep bool) (any, error) {
	picked, err := t.columnsOf(key)
	if err != nil && keep {
		return nil, err
	}
	if !keep {
		excluded := picked
		picked = nil
		for i := range t.Columns {
			if !slices.Contains(excluded, i) {
				picked = append(picked, i)
			}
		}
	}
	out := &Table{Rows: make([][]any, len(t.Rows))}
	names := t.names()
	for _, i := range picked {
		out.Columns = append(out.Columns, Column{Name: jinja.Str(names[i]), DataType: t.Columns[i].DataType})
		for r, row := range t.Rows {
			out.Rows[r] = append(out.Rows[r], row[i])
		}
	}
	return tableValue{out}, nil
}

func (t tableValue) rename(a []any, kw *jinja.Dict) (any, error) {
	columns := slices.Clone(t.Columns)
	switch names := argument(a, kw, 0, "column_names", nil).(type) {
	case nil:
	case *jinja.Dict:
		for i, old := range t.names() {
			if name, ok := names.Get(old); ok {
				columns[i].Name = jinja.Str(name)
			}
		}
	default:
		all, err := jinja.Iterate(names)
		if err != nil || len(all) != len(columns) {
			return nil, fmt.Errorf("rename() takes a name for each of %d columns, or a mapping of old names to new ones", len(columns))
		}
		for i, name := range all {
			columns[i].Name = jinja.Str(name)
		}
	}
	if jinja.Truth(argument(a, kw, 2, "slug_columns", false)) {
		for i := range columns {
			words := strings.FieldsFunc(strings.ToLower(columns[i].Name), func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
			})
			columns[i].Name = strings.Join(words, "_")
		}
	}
	return tableValue{&Table{Columns: columns, Rows: t.Rows}}, nil
}

// limit is limit(stop) or limit(start, stop, step), as a slice.
func (t tableValue) limit(a []any, kw *jinja.Dict) (any, error) {
	bounds := [3]any{nil, argument(a, kw, 0, "start_or_stop", nil), nil}
	if stop := argument(a, kw, 1, "stop", missing); stop != missing {
		bounds = [3]any{bounds[1], stop, argument(a, kw, 2, "step", nil)}
	} else if step := argument(a, kw, 2, "step", nil); step != nil {
		bounds = [3]any{bounds[1], nil, step}
	}
	places := make([]any, len(t.Rows))
	for i := range places {
		places[i] = int64(i)
	}
	picked, err := jinja.Slice(places, bounds)
	if err != nil {
		return nil, err
	}
	rows := make([][]any, len(picked))
	for i, place := range picked {
		rows[i] = t.Rows[place.(int64)]
	}
	return t.withRows(rows), nil
}

func (t tableValue) where(st *jinja.State, test any) (tableValue, error) {
	var rows [][]any
	for i := range t.Rows {
		holds, err := st.Call(test, []any{rowValue{t, t.row(i)}}, nil)
		if err != nil {
			return tableValue{}, err
		}
		if jinja.Truth(holds) {
			rows = append(rows, t.Rows[i])
		}
	}
	return t.withRows(rows), nil
}

// keyOf gives what a row is ordered, grouped or told apart by: a column, some
// columns, or what a function makes of it. Without a key it is all of it.
func (t tableValue) keyOf(st *jinja.State, key any) (func(i int) (any, error), error) {
	if f, ok := key.(jinja.Callable); ok {
		return func(i int) (any, error) { return st.Call(f, []any{rowValue{t, t.row(i)}}, nil) }, nil
	}
	if key == nil {
		return func(i int) (any, error) { return &jinja.Tuple{V: t.row(i)}, nil }, nil
	}
	columns, err := t.columnsOf(key)
	if err != nil {
		return nil, err
	}
	_, one := key.(string)
	return func(i int) (any, error) {
		values := &jinja.Tuple{}
		for _, c := range columns {
			values.V = append(values.V, t.value(c, t.Rows[i][c]))
		}
		if one {
			return values.V[0], nil
		}
		return values, nil
	}, nil
}

func (t tableValue) orderBy(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	keyOf, err := t.keyOf(st, argument(a, kw, 0, "key", nil))
	if err != nil {
		return nil, err
	}
	keys, order := make([]any, len(t.Rows)), make([]int, len(t.Rows))
	for i := range t.Rows {
		if keys[i], err = keyOf(i); err != nil {
			return nil, err
		}
		order[i] = i
	}
	sign := 1
	if jinja.Truth(argument(a, kw, 1, "reverse", false)) {
		sign = -1
	}
	slices.SortStableFunc(order, func(x, y int) int {
		c, failed := compareNullsLast(keys[x], keys[y])
		if failed != nil {
			err = failed
		}
		return sign * c
	})
	rows := make([][]any, len(order))
	for i, at := range order {
		rows[i] = t.Rows[at]
	}
	return t.withRows(rows), err
}

// compareNullsLast orders values, None behind all others.
func compareNullsLast(a, b any) (int, error) {
	x, isTuple := a.(*jinja.Tuple)
	y, other := b.(*jinja.Tuple)
	switch {
	case isTuple && other:
		for i := range min(len(x.V), len(y.V)) {
			if c, err := compareNullsLast(x.V[i], y.V[i]); c != 0 || err != nil {
				return c, err
			}
		}
		return 0, nil
	case a == nil && b == nil:
		return 0, nil
	case a == nil:
		return 1, nil
	case b == nil:
		return -1, nil
	}
	return jinja.Compare(a, b)
}

func (t tableValue) distinct(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	keyOf, err := t.keyOf(st, argument(a, kw, 0, "key", nil))
	if err != nil {
		return nil, err
	}
	seen := jinja.NewDict()
	var rows [][]any
	for i := range t.Rows {
		key, err := keyOf(i)
		if err != nil {
			return nil, err
		}
		if _, there := seen.Get(key); !there {
			seen.Set(key, true)
			rows = append(rows, t.Rows[i])
		}
	}
	return t.withRows(rows), nil
}

// mergeTables puts the rows of tables below one another; a column that one of
// them lacks is None there.
func mergeTables(given any) (any, error) {
	tables, err := jinja.Iterate(given)
	if err != nil {
		return nil, err
	}
	out := &Table{}
	places := map[string]int{}
	for _, one := range tables {
		t, ok := one.(tableValue)
		if !ok {
			return nil, fmt.Errorf("merge() takes a list of tables")
		}
		for i, name := range t.names() {
			if _, there := places[jinja.Str(name)]; !there {
				places[jinja.Str(name)] = len(out.Columns)
				out.Columns = append(out.Columns, Column{Name: jinja.Str(name), DataType: t.Columns[i].DataType})
			}
		}
	}
	for _, one := range tables {
		t := one.(tableValue)
		for i := range t.Rows {
			row := make([]any, len(out.Columns))
			for c, name := range t.names() {
				row[places[jinja.Str(name)]] = t.Rows[i][c]
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return tableValue{out}, nil
}

// join puts the columns of another table beside, where the keys are equal:
// rows without a match stay, with None, unless the join is an inner one.
func (t tableValue) join(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	right, ok := argument(a, kw, 0, "right_table", nil).(tableValue)
	if !ok || jinja.Truth(argument(a, kw, 4, "full_outer", false)) {
		return nil, fmt.Errorf("join() takes a table; full outer joins are not supported")
	}
	leftKey := argument(a, kw, 1, "left_key", nil)
	rightKey := argument(a, kw, 2, "right_key", nil)
	if rightKey == nil {
		rightKey = leftKey
	}
	inner := jinja.Truth(argument(a, kw, 3, "inner", false))
	left, err := t.keyOf(st, leftKey)
	if err != nil {
		return nil, err
	}
	other, err := right.keyOf(st, rightKey)
	if err != nil {
		return nil, err
	}
	places := jinja.NewDict()
	for i := range right.Rows {
		key, err := other(i)
		if err != nil {
			return nil, err
		}
		all, _ := places.Get(key)
		list, _ := all.([]int)
		places.Set(key, append(list, i))
	}
	out, beside := t.joinedColumns(right, rightKey)
	for i := range t.Rows {
		key, err := left(i)
		if err != nil {
			return nil, err
		}
		found, _ := places.Get(key)
		matches, _ := found.([]int)
		if len(matches) == 0 && !inner {
			out.Rows = append(out.Rows, append(slices.Clone(t.Rows[i]), make([]any, len(beside))...))
		}
		for _, m := range matches {
			row := slices.Clone(t.Rows[i])
			for _, c := range beside {
				row = append(row, right.Rows[m][c])
			}
			out.Rows = append(out.Rows, row)
		}
	}
	return tableValue{out}, nil
}

// joinedColumns are those of both tables, but for the right one's key.
func (t tableValue) joinedColumns(right tableValue, rightKey any) (*Table, []int) {
	out := &Table{Columns: slices.Clone(t.Columns)}
	keys, _ := right.columnsOf(rightKey)
	var beside []int
	for i, c := range right.Columns {
		if slices.Contains(keys, i) {
			continue
		}
		beside = append(beside, i)
		if slices.ContainsFunc(t.Columns, func(l Column) bool { return l.Name == c.Name }) {
			c.Name += "2"
		}
		out.Columns = append(out.Columns, c)
	}
	return out, beside
}

// withTextMoments has texts in place of moments.
func (t tableValue) withTextMoments() tableValue {
	out := t.withRows(make([][]any, len(t.Rows)))
	for i := range t.Rows {
		out.Rows[i] = t.row(i)
		for c, v := range out.Rows[i] {
			if d, ok := v.(datetime); ok {
				out.Rows[i][c] = d.Str()
			}
		}
	}
	return out
}
