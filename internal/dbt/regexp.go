package dbt

import (
	"fmt"
	"regexp"
	"strings"

	"apotheca/internal/jinja"
)

// compilePattern reads a pattern of Python's. What Go's engine has not, but for
// a lookahead at the end, is an error.
func compilePattern(pattern, flags any) (patternValue, error) {
	if p, ok := pattern.(patternValue); ok {
		return p, nil
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
	p := patternValue{source: jinja.Str(pattern)}
	text, p.ahead = withoutLookahead(text)
	if set != "" {
		text = "(?" + set + ")" + text
	}
	var err error
	if p.re, err = regexp.Compile(text); err != nil {
		return p, fmt.Errorf("the regular expression is not supported: %w", err)
	}
	return p, nil
}

// withoutLookahead turns a lookahead that ends a pattern into a group, which a
// match then leaves out again. With an anchor in the pattern that could not be
// told from one at the place where the search goes on.
func withoutLookahead(pattern string) (string, bool) {
	start := strings.LastIndex(pattern, "(?=")
	if start < 0 || !strings.HasSuffix(pattern, ")") || looksBack(pattern[:start]) {
		return pattern, false
	}
	inside, ok := balanced(pattern[start+3:])
	if !ok || start+3+len(inside)+1 != len(pattern) {
		return pattern, false
	}
	return pattern[:start] + "(" + inside + ")", true
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

// looksBack reports an anchor, whose meaning depends on what stands before, or
// alternatives of which only the last one would look ahead.
func looksBack(pattern string) bool {
	depth, inClass := 0, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
			if i < len(pattern) && strings.IndexByte("bBA", pattern[i]) >= 0 {
				return true
			}
		case inClass:
			inClass = c != ']'
		case c == '[':
			inClass = true
			if strings.HasPrefix(pattern[i+1:], "^") {
				i++
			}
			if strings.HasPrefix(pattern[i+1:], "]") {
				i++
			}
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '^' || c == '|' && depth == 0:
			return true
		}
	}
	return false
}

// patternValue is a compiled pattern.
type patternValue struct {
	re     *regexp.Regexp
	source string
	ahead  bool // the last group is a lookahead
}

// find is the first match from a place on, as pairs of places; nil without one.
func (p patternValue) find(s string, from int) []int {
	at := p.re.FindStringSubmatchIndex(s[from:])
	for i := range at {
		if at[i] >= 0 {
			at[i] += from
		}
	}
	if p.ahead && at != nil {
		at[1] = at[len(at)-2]
		at = at[:len(at)-2]
	}
	return at
}

// all are the matches that do not overlap, from left to right.
func (p patternValue) all(s string) [][]int {
	if !p.ahead {
		return p.re.FindAllStringSubmatchIndex(s, -1)
	}
	var out [][]int
	for from := 0; from <= len(s); {
		at := p.find(s, from)
		if at == nil {
			break
		}
		out = append(out, at)
		from = max(at[1], at[0]+1)
	}
	return out
}

func (p patternValue) GetAttr(name string) (any, bool) {
	switch name {
	case "sub", "findall", "match", "search", "fullmatch", "split", "finditer":
		return function(func(a []any, kw *jinja.Dict) (any, error) { return p.call(name, a, kw) }), true
	case "pattern":
		return p.source, true
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
		var b []byte
		end := 0
		for _, at := range p.all(s) {
			b = append(b, s[end:at[0]]...)
			b = p.re.ExpandString(b, with, s, at)
			end = at[1]
		}
		return string(append(b, s[end:]...)), nil
	case "findall":
		return p.findAll(s), nil
	case "finditer":
		l := jinja.NewList()
		for _, at := range p.all(s) {
			l.V = append(l.V, matchValue{p.re, s, at})
		}
		return l, nil
	case "split":
		l := jinja.NewList()
		end := 0
		for _, at := range p.all(s) {
			l.V = append(l.V, s[end:at[0]])
			end = at[1]
		}
		l.V = append(l.V, s[end:])
		return l, nil
	}
	at := p.find(s, 0)
	if at == nil || name != "search" && at[0] != 0 || name == "fullmatch" && at[1] != len(s) {
		return nil, nil
	}
	return matchValue{p.re, s, at}, nil
}

// findAll gives texts, or the group's texts, or tuples of them, as Python does.
func (p patternValue) findAll(s string) any {
	l := jinja.NewList()
	for _, at := range p.all(s) {
		groups := make([]any, len(at)/2)
		for i := range groups {
			groups[i] = ""
			if at[2*i] >= 0 {
				groups[i] = s[at[2*i]:at[2*i+1]]
			}
		}
		switch len(groups) {
		case 1, 2:
			l.V = append(l.V, groups[len(groups)-1])
		default:
			l.V = append(l.V, &jinja.Tuple{V: groups[1:]})
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
