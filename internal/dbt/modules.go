package dbt

import (
	"fmt"
	"regexp"

	"apotheca/internal/jinja"
)

// modulesValue is `modules` in templates: the parts of Python's library that
// dbt lends them.
func modulesValue() *jinja.Dict {
	return jinja.NewDict("datetime", datetimeModule{}, "re", reModule{}, "pytz", pytzModule{}, "itertools", itertoolsModule{})
}

// reModule is Python's re, over Go's regular expressions: without look-around
// and back references.
type reModule struct{}

func (reModule) GetAttr(name string) (any, bool) {
	switch name {
	case "IGNORECASE", "I":
		return int64(2), true
	case "MULTILINE", "M":
		return int64(8), true
	case "DOTALL", "S":
		return int64(16), true
	case "compile":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return compilePattern(argument(a, kw, 0, "pattern", ""), argument(a, kw, 1, "flags", int64(0)))
		}), true
	case "escape":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return regexp.QuoteMeta(jinja.Str(argument(a, kw, 0, "pattern", ""))), nil
		}), true
	}
	if _, ok := (patternValue{}).GetAttr(name); !ok {
		return nil, false
	}
	flagsAt := map[string]int{"sub": 4, "split": 3}[name]
	if flagsAt == 0 {
		flagsAt = 2
	}
	return function(func(a []any, kw *jinja.Dict) (any, error) {
		p, err := compilePattern(argument(a, kw, 0, "pattern", ""), argument(a, kw, flagsAt, "flags", int64(0)))
		if err != nil || len(a) == 0 {
			return nil, err
		}
		return p.call(name, a[1:min(len(a), max(flagsAt, 1))], kw)
	}), true
}

func function(f func(a []any, kw *jinja.Dict) (any, error)) jinja.Func {
	return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return f(a, kw) }
}

// itertoolsModule is the part of Python's itertools that projects use.
type itertoolsModule struct{}

func (itertoolsModule) GetAttr(name string) (any, bool) {
	switch name {
	case "chain":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			l := jinja.NewList()
			for _, v := range a {
				items, err := sequence(v)
				if err != nil {
					return nil, err
				}
				l.V = append(l.V, items...)
			}
			return l, nil
		}), true
	case "product":
		return function(product), true
	case "combinations":
		return function(combinations), true
	}
	return nil, false
}

func product(a []any, _ *jinja.Dict) (any, error) {
	rows := [][]any{{}}
	for _, v := range a {
		items, err := sequence(v)
		if err != nil {
			return nil, err
		}
		var longer [][]any
		for _, row := range rows {
			for _, item := range items {
				longer = append(longer, append(row[:len(row):len(row)], item))
			}
		}
		rows = longer
	}
	return tuples(rows), nil
}

func combinations(a []any, kw *jinja.Dict) (any, error) {
	items, err := sequence(argument(a, kw, 0, "iterable", nil))
	if err != nil {
		return nil, err
	}
	n, ok := argument(a, kw, 1, "r", nil).(int64)
	if !ok || n < 0 {
		return nil, fmt.Errorf("combinations() takes a list and a number")
	}
	var rows [][]any
	var choose func(from int, chosen []any)
	choose = func(from int, chosen []any) {
		if int64(len(chosen)) == n {
			rows = append(rows, chosen)
			return
		}
		for i := from; i < len(items); i++ {
			choose(i+1, append(chosen[:len(chosen):len(chosen)], items[i]))
		}
	}
	choose(0, nil)
	return tuples(rows), nil
}

func tuples(rows [][]any) *jinja.List {
	l := jinja.NewList()
	for _, r := range rows {
		l.V = append(l.V, &jinja.Tuple{V: r})
	}
	return l
}
