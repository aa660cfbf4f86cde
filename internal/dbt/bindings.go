package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// addQuery runs a statement with bindings, by which macros load seeds. As
// psycopg2 does, it writes them into the text.
func (v adapterValue) addQuery(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	sql := jinja.Str(argument(a, kw, 0, "sql", ""))
	if bindings := argument(a, kw, 2, "bindings", nil); bindings != nil {
		values, err := jinja.Iterate(bindings)
		if err != nil {
			return nil, err
		}
		if sql, err = bound(sql, values); err != nil {
			return nil, err
		}
	}
	t, err := v.s.adapter.Execute(v.s.ctx, Statement{SQL: sql, Begin: jinja.Truth(argument(a, kw, 1, "auto_begin", true))})
	if err != nil {
		return nil, fmt.Errorf("run query: %w", err)
	}
	return &jinja.Tuple{V: []any{nil, responseValue{t.Response}}}, nil
}

// bound writes values in the places of %s or ? that stand outside of quotes.
func bound(sql string, values []any) (string, error) {
	var b strings.Builder
	quote, used := byte(0), 0
	for i := 0; i < len(sql); i++ {
		c := sql[i]
		pyformat := c == '%' && i+1 < len(sql) && sql[i+1] == 's'
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case pyformat || c == '?':
			if used == len(values) {
				return "", fmt.Errorf("the statement has more places than the %d values that are bound", used)
			}
			b.WriteString(literalSQL(values[used]))
			used++
			if pyformat {
				i++
			}
			continue
		}
		b.WriteByte(c)
	}
	if used != len(values) {
		return "", fmt.Errorf("%d values are bound, and the statement has places for %d", len(values), used)
	}
	return b.String(), nil
}
