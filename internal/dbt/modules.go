package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// modulesValue is `modules` in templates: the parts of Python's library that
// dbt lends them.
func modulesValue() *jinja.Dict {
	return jinja.NewDict("datetime", datetimeModule{}, "re", reModule{}, "pytz", pytzModule{}, "itertools", itertoolsModule{})
}

// reModule is Python's re.
type reModule struct{}

// regexFlags are the flags of re, by the names under which it has them.
var regexFlags = []struct {
	name  string
	value regexFlag
}{
	{"I", flagIgnoreCase}, {"IGNORECASE", flagIgnoreCase}, {"L", flagLocale}, {"LOCALE", flagLocale},
	{"M", flagMultiLine}, {"MULTILINE", flagMultiLine}, {"S", flagDotAll}, {"DOTALL", flagDotAll},
	{"U", flagUnicode}, {"UNICODE", flagUnicode}, {"X", flagVerbose}, {"VERBOSE", flagVerbose},
	{"A", flagASCII}, {"ASCII", flagASCII},
}

// regexFlag is one flag, an integer with a name.
type regexFlag int64

func (f regexFlag) Hash() string { return fmt.Sprintf("flag:%d", int64(f)) }

func (f regexFlag) Str() string {
	for _, known := range regexFlags {
		if known.value == f && len(known.name) > 1 {
			return "re." + known.name
		}
	}
	return fmt.Sprint(int64(f))
}

// Integer is the flag's number, which templates add up.
func (f regexFlag) Integer() int64 { return int64(f) }

func (reModule) GetAttr(name string) (any, bool) {
	for _, f := range regexFlags {
		if f.name == name {
			return f.value, true
		}
	}
	switch name {
	case "compile":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return compilePattern(argument(a, kw, 0, "pattern", ""), flagsArgument(a, kw, 1))
		}), true
	case "escape":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return escapePattern(jinja.Str(argument(a, kw, 0, "pattern", ""))), nil
		}), true
	case "purge":
		return constantMacro(nil), true
	}
	if (&patternValue{}).method(name) == nil {
		return nil, false
	}
	return patternFunction(name), true
}

// patternFunction is a method of patterns as a function, whose first argument
// is the pattern and whose last one, at its place, flags.
func patternFunction(name string) jinja.Func {
	flagsAt := 2
	switch name {
	case "sub", "subn":
		flagsAt = 4
	case "split":
		flagsAt = 3
	}
	return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		p, err := compilePattern(argument(a, kw, 0, "pattern", nil), flagsArgument(a, kw, flagsAt))
		if err != nil {
			return nil, err
		}
		return p.method(name)(st, a[min(1, len(a)):min(len(a), flagsAt)], kw)
	}
}

func flagsArgument(a []any, kw *jinja.Dict, i int) int64 {
	switch f := argument(a, kw, i, "flags", int64(0)).(type) {
	case int64:
		return f
	case regexFlag:
		return int64(f)
	}
	return 0
}

// escapePattern is re.escape.
func escapePattern(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
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
