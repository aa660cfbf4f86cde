package dbt

import (
	"fmt"
	"regexp"
	"strings"

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
			re, err := compileRegexp(argument(a, kw, 0, "pattern", ""), argument(a, kw, 1, "flags", int64(0)))
			return patternValue{re}, err
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
		re, err := compileRegexp(argument(a, kw, 0, "pattern", ""), argument(a, kw, flagsAt, "flags", int64(0)))
		if err != nil || len(a) == 0 {
			return nil, err
		}
		return patternValue{re}.call(name, a[1:min(len(a), max(flagsAt, 1))], kw)
	}), true
}

func function(f func(a []any, kw *jinja.Dict) (any, error)) jinja.Func {
	return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return f(a, kw) }
}

func compileRegexp(pattern, flags any) (*regexp.Regexp, error) {
	if p, ok := pattern.(patternValue); ok {
		return p.re, nil
	}
	set := ""
	n, _ := flags.(int64)
	for bit, letter := range map[int64]string{2: "i", 8: "m", 16: "s"} {
		if n&bit != 0 {
			set += letter
		}
	}
	text := strings.ReplaceAll(jinja.Str(pattern), `\Z`, `\z`)
	if m := leadingFlags.FindStringSubmatch(text); n&64 != 0 || m != nil && strings.Contains(m[1], "x") {
		text = withoutLayout(text)
	}
	if set != "" {
		text = "(?" + set + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("the regular expression is not supported: %w", err)
	}
	return re, nil
}

var leadingFlags = regexp.MustCompile(`^\s*\(\?([aiLmsux]+)\)`)

// withoutLayout turns a verbose pattern (flag x) into a plain one: outside of
// classes, spaces and comments mean nothing.
func withoutLayout(pattern string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			b.WriteString(pattern[i : i+2])
			i++
			continue
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
			if strings.HasPrefix(pattern[i+1:], "]") {
				b.WriteString(`[\]`)
				i++
				continue
			}
		case strings.ContainsRune(" \t\n\r\f\v", rune(c)):
			continue
		case c == '#':
			for i+1 < len(pattern) && pattern[i+1] != '\n' {
				i++
			}
			continue
		}
		b.WriteByte(c)
	}
	text := b.String()
	if m := leadingFlags.FindStringSubmatch(text); m != nil {
		flags := strings.NewReplacer("x", "", "a", "", "u", "", "L", "").Replace(m[1])
		text = strings.TrimPrefix(text, m[0])
		if flags != "" {
			text = "(?" + flags + ")" + text
		}
	}
	return text
}

// patternValue is a compiled pattern.
type patternValue struct{ re *regexp.Regexp }

func (p patternValue) GetAttr(name string) (any, bool) {
	switch name {
	case "sub", "findall", "match", "search", "fullmatch", "split", "finditer":
		return function(func(a []any, kw *jinja.Dict) (any, error) { return p.call(name, a, kw) }), true
	case "pattern":
		return p.re.String(), true
	}
	return nil, false
}

var groupReference = regexp.MustCompile(`\\(\d|g<(\w+)>)`)

func (p patternValue) call(name string, a []any, kw *jinja.Dict) (any, error) {
	place := 0
	if name == "sub" {
		place = 1
	}
	s := jinja.Str(argument(a, kw, place, "string", ""))
	switch name {
	case "sub":
		with := strings.ReplaceAll(jinja.Str(argument(a, kw, 0, "repl", "")), "$", "$$")
		with = groupReference.ReplaceAllStringFunc(with, func(ref string) string {
			m := groupReference.FindStringSubmatch(ref)
			if m[2] != "" {
				return "${" + m[2] + "}"
			}
			return "${" + m[1] + "}"
		})
		return p.re.ReplaceAllString(s, with), nil
	case "findall":
		return p.findAll(s), nil
	case "finditer":
		l := jinja.NewList()
		for _, at := range p.re.FindAllStringSubmatchIndex(s, -1) {
			l.V = append(l.V, matchValue{p.re, s, at})
		}
		return l, nil
	case "split":
		l := jinja.NewList()
		for _, part := range p.re.Split(s, -1) {
			l.V = append(l.V, part)
		}
		return l, nil
	}
	at := p.re.FindStringSubmatchIndex(s)
	if at == nil || name != "search" && at[0] != 0 || name == "fullmatch" && at[1] != len(s) {
		return nil, nil
	}
	return matchValue{p.re, s, at}, nil
}

// findAll gives texts, or the group's texts, or tuples of them, as Python does.
func (p patternValue) findAll(s string) any {
	l := jinja.NewList()
	for _, m := range p.re.FindAllStringSubmatch(s, -1) {
		switch len(m) {
		case 1:
			l.V = append(l.V, m[0])
		case 2:
			l.V = append(l.V, m[1])
		default:
			t := &jinja.Tuple{}
			for _, g := range m[1:] {
				t.V = append(t.V, g)
			}
			l.V = append(l.V, t)
		}
	}
	return l
}

// matchValue is a match.
type matchValue struct {
	re *regexp.Regexp
	s  string
	at []int
}

func (m matchValue) group(key any) (any, error) {
	i := 0
	switch k := key.(type) {
	case int64:
		i = int(k)
	default:
		i = m.re.SubexpIndex(jinja.Str(key))
	}
	if i < 0 || 2*i+1 >= len(m.at) {
		return nil, fmt.Errorf("no such group: %s", jinja.Repr(key))
	}
	if m.at[2*i] < 0 {
		return nil, nil
	}
	return m.s[m.at[2*i]:m.at[2*i+1]], nil
}

func (m matchValue) GetItem(key any) (any, bool) {
	v, err := m.group(key)
	return v, err == nil
}

func (m matchValue) GetAttr(name string) (any, bool) {
	switch name {
	case "group":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			if len(a) > 1 {
				t := &jinja.Tuple{}
				for _, key := range a {
					v, err := m.group(key)
					if err != nil {
						return nil, err
					}
					t.V = append(t.V, v)
				}
				return t, nil
			}
			return m.group(argument(a, kw, 0, "group", int64(0)))
		}), true
	case "groups":
		return function(func([]any, *jinja.Dict) (any, error) {
			t := &jinja.Tuple{}
			for i := 1; 2*i < len(m.at); i++ {
				v, _ := m.group(int64(i))
				t.V = append(t.V, v)
			}
			return t, nil
		}), true
	case "groupdict":
		return function(func([]any, *jinja.Dict) (any, error) {
			d := jinja.NewDict()
			for _, n := range m.re.SubexpNames() {
				if n != "" {
					v, _ := m.group(n)
					d.Set(n, v)
				}
			}
			return d, nil
		}), true
	case "start":
		return constantMacro(int64(m.at[0])), true
	case "end":
		return constantMacro(int64(m.at[1])), true
	}
	return nil, false
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
