package dbt

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"apotheca/internal/jinja"
)

// regexpTimeout is how long one search may take: patterns that try all ways
// to read a text can take longer than anybody waits.
const regexpTimeout = 5 * time.Second

// patternValue is a compiled pattern of Python's re.
type patternValue struct {
	pythonPattern
	source string

	anywhere *regexp2.Regexp
	here     *regexp2.Regexp // at the place where the search starts
	longer   *regexp2.Regexp // the same, and not empty
	whole    *regexp2.Regexp // the same, up to the end of the text
}

func compilePattern(pattern any, flags int64) (*patternValue, error) {
	if p, ok := pattern.(*patternValue); ok {
		return p, nil
	}
	source, ok := pattern.(string)
	if !ok {
		return nil, fmt.Errorf("first argument must be string or compiled pattern")
	}
	rewritten, err := rewritePattern(source, flags)
	if err != nil {
		return nil, fmt.Errorf("regular expression %s: %w", jinja.Repr(source), err)
	}
	p := &patternValue{pythonPattern: rewritten, source: source}
	options := regexp2.RegexOptions(regexp2.None)
	for flag, option := range map[int64]regexp2.RegexOptions{
		flagIgnoreCase: regexp2.IgnoreCase, flagMultiLine: regexp2.Multiline, flagDotAll: regexp2.Singleline,
	} {
		if p.flags&flag != 0 {
			options |= option
		}
	}
	for text, into := range map[string]**regexp2.Regexp{
		p.text: &p.anywhere, `\G(?:` + p.text + ")": &p.here, `\G(?:` + p.text + `)(?!\G)`: &p.longer, `\G(?:` + p.text + `)\z`: &p.whole,
	} {
		re, err := regexp2.Compile(text, options)
		if err != nil {
			return nil, fmt.Errorf("regular expression %s: %w", jinja.Repr(source), err)
		}
		re.MatchTimeout = regexpTimeout
		*into = re
	}
	return p, nil
}

// find is the first match from a place on; nil without one.
func (p *patternValue) find(re *regexp2.Regexp, text []rune, from int) (*matchValue, error) {
	if from > len(text) {
		return nil, nil
	}
	m, err := re.FindRunesMatchStartingAt(text, from)
	if err != nil {
		return nil, fmt.Errorf("regular expression %s: the search took longer than %s", jinja.Repr(p.source), regexpTimeout)
	}
	if m == nil {
		return nil, nil
	}
	found := &matchValue{p: p, text: text, from: from, spans: make([][2]int, len(p.names)+1)}
	for i := range found.spans {
		found.spans[i] = [2]int{-1, -1}
		if g := m.GroupByNumber(i); g != nil && len(g.Captures) > 0 {
			found.spans[i] = [2]int{g.Index, g.Index + g.Length}
		}
	}
	return found, nil
}

// each goes through the matches that do not overlap, from left to right. Where
// an empty match was found, the next one is later or not empty.
func (p *patternValue) each(text []rune, limit int64, f func(*matchValue) error) error {
	wasEmpty := false
	for from, n := 0, int64(0); limit <= 0 || n < limit; n++ {
		m, err := p.next(text, from, wasEmpty)
		if err != nil || m == nil {
			return err
		}
		if err := f(m); err != nil {
			return err
		}
		from = m.spans[0][1]
		wasEmpty = m.spans[0][0] == from
	}
	return nil
}

func (p *patternValue) next(text []rune, from int, wasEmpty bool) (*matchValue, error) {
	if wasEmpty {
		if m, err := p.find(p.longer, text, from); m != nil || err != nil {
			return m, err
		}
		from++
	}
	return p.find(p.anywhere, text, from)
}

func (p *patternValue) Str() string {
	given := p.flags &^ flagUnicode
	var names []string
	for _, f := range regexFlags {
		if given&int64(f.value) != 0 && len(f.name) > 1 {
			names = append(names, "re."+f.name)
		}
	}
	if len(names) == 0 {
		return "re.compile(" + jinja.Repr(p.source) + ")"
	}
	return "re.compile(" + jinja.Repr(p.source) + ", " + strings.Join(names, "|") + ")"
}

func (p *patternValue) Hash() string { return fmt.Sprintf("pattern:%d:%s", p.flags, p.source) }

func (p *patternValue) GetAttr(name string) (any, bool) {
	switch name {
	case "pattern":
		return p.source, true
	case "flags":
		return p.flags | flagUnicode&^(p.flags>>3), true
	case "groups":
		return int64(len(p.names)), true
	case "groupindex":
		d := jinja.NewDict()
		for i, n := range p.names {
			if n != "" {
				d.Set(n, int64(i+1))
			}
		}
		return d, true
	}
	f := p.method(name)
	return f, f != nil
}

// method is a method of patterns, which are functions of the module too.
func (p *patternValue) method(name string) jinja.Func {
	switch name {
	case "search", "match", "fullmatch":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			return p.first(name, a, kw)
		}
	case "sub", "subn":
		return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			text, n, err := p.substitute(st, a, kw)
			if name == "sub" || err != nil {
				return text, err
			}
			return &jinja.Tuple{V: []any{text, n}}, nil
		}
	case "findall", "finditer":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			text, err := textArgument(a, kw, 0)
			all := jinja.NewList()
			if err != nil {
				return nil, err
			}
			err = p.each(text, 0, func(m *matchValue) error {
				if name == "finditer" {
					all.V = append(all.V, m)
				} else {
					all.V = append(all.V, m.listed())
				}
				return nil
			})
			return all, err
		}
	case "split":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return p.split(a, kw) }
	}
	return nil
}

func textArgument(a []any, kw *jinja.Dict, i int) ([]rune, error) {
	s, ok := argument(a, kw, i, "string", nil).(string)
	if !ok {
		return nil, fmt.Errorf("expected string or bytes-like object, got '%s'", jinja.TypeName(argument(a, kw, i, "string", nil)))
	}
	return []rune(s), nil
}

func (p *patternValue) first(name string, a []any, kw *jinja.Dict) (any, error) {
	text, err := textArgument(a, kw, 0)
	if err != nil {
		return nil, err
	}
	from, _ := argument(a, kw, 1, "pos", int64(0)).(int64)
	if end, ok := argument(a, kw, 2, "endpos", nil).(int64); ok {
		text = text[:max(0, min(end, int64(len(text))))]
	}
	re := map[string]*regexp2.Regexp{"search": p.anywhere, "match": p.here, "fullmatch": p.whole}[name]
	m, err := p.find(re, text, int(max(0, from)))
	if m == nil || err != nil {
		return nil, err
	}
	return m, nil
}

func (p *patternValue) split(a []any, kw *jinja.Dict) (any, error) {
	text, err := textArgument(a, kw, 0)
	if err != nil {
		return nil, err
	}
	limit, _ := argument(a, kw, 1, "maxsplit", int64(0)).(int64)
	parts, end := jinja.NewList(), 0
	err = p.each(text, limit, func(m *matchValue) error {
		parts.V = append(parts.V, string(text[end:m.spans[0][0]]))
		end = m.spans[0][1]
		for i := range p.names {
			parts.V = append(parts.V, m.group(i+1, nil))
		}
		return nil
	})
	parts.V = append(parts.V, string(text[end:]))
	return parts, err
}

// substitute is sub(repl, string, count): repl is a text with references to
// groups, or something to call with each match.
func (p *patternValue) substitute(st *jinja.State, a []any, kw *jinja.Dict) (string, int64, error) {
	text, err := textArgument(a, kw, 1)
	if err != nil {
		return "", 0, err
	}
	replacement := func(m *matchValue) (string, error) { return m.expand(jinja.Str(argument(a, kw, 0, "repl", ""))) }
	if f, ok := argument(a, kw, 0, "repl", "").(jinja.Callable); ok {
		replacement = func(m *matchValue) (string, error) {
			v, err := st.Call(f, []any{m}, nil)
			return jinja.Str(v), err
		}
	}
	count, _ := argument(a, kw, 2, "count", int64(0)).(int64)
	var b strings.Builder
	end, n := 0, int64(0)
	err = p.each(text, count, func(m *matchValue) error {
		b.WriteString(string(text[end:m.spans[0][0]]))
		end = m.spans[0][1]
		n++
		with, err := replacement(m)
		b.WriteString(with)
		return err
	})
	b.WriteString(string(text[end:]))
	return b.String(), n, err
}

// matchValue is a match: where each group was found, (-1, -1) where it was not.
type matchValue struct {
	p     *patternValue
	text  []rune
	from  int
	spans [][2]int
}

func (m *matchValue) Str() string {
	return fmt.Sprintf("<re.Match object; span=(%d, %d), match=%s>", m.spans[0][0], m.spans[0][1], jinja.Repr(m.group(0, nil)))
}
func (*matchValue) TypeName() string { return "Match" }

func (m *matchValue) group(i int, def any) any {
	if s := m.spans[i]; s[0] >= 0 {
		return string(m.text[s[0]:s[1]])
	}
	return def
}

// number is the number of a group that a template names.
func (m *matchValue) number(key any) (int, error) {
	if n, ok := m.p.groupNumber(jinja.Str(key)); ok {
		return n, nil
	}
	return 0, fmt.Errorf("no such group")
}

// listed is what findall makes of a match.
func (m *matchValue) listed() any {
	switch len(m.p.names) {
	case 0, 1:
		return m.group(len(m.p.names), "")
	}
	return m.groups("")
}

func (m *matchValue) groups(def any) *jinja.Tuple {
	t := &jinja.Tuple{}
	for i := range m.p.names {
		t.V = append(t.V, m.group(i+1, def))
	}
	return t
}

func (m *matchValue) GetItem(key any) (any, bool) {
	i, err := m.number(key)
	if err != nil {
		return nil, false
	}
	return m.group(i, nil), true
}

func (m *matchValue) GetAttr(name string) (any, bool) {
	switch name {
	case "string":
		return string(m.text), true
	case "re":
		return m.p, true
	case "pos":
		return int64(m.from), true
	case "endpos":
		return int64(len(m.text)), true
	case "lastindex", "lastgroup":
		last := m.lastGroup()
		switch {
		case last == 0, name == "lastgroup" && m.p.names[last-1] == "":
			return nil, true
		case name == "lastgroup":
			return m.p.names[last-1], true
		}
		return int64(last), true
	}
	f := m.method(name)
	return f, f != nil
}

// lastGroup is the number of the group that ended last.
func (m *matchValue) lastGroup() int {
	last, end := 0, -1
	for i, s := range m.spans[1:] {
		if s[1] > end {
			last, end = i+1, s[1]
		}
	}
	return last
}

func (m *matchValue) method(name string) jinja.Func {
	switch name {
	case "group":
		return function(func(a []any, _ *jinja.Dict) (any, error) {
			if len(a) == 0 {
				return m.group(0, nil), nil
			}
			t := &jinja.Tuple{}
			for _, key := range a {
				i, err := m.number(key)
				if err != nil {
					return nil, err
				}
				t.V = append(t.V, m.group(i, nil))
			}
			if len(t.V) == 1 {
				return t.V[0], nil
			}
			return t, nil
		})
	case "groups":
		return function(func(a []any, kw *jinja.Dict) (any, error) { return m.groups(argument(a, kw, 0, "default", nil)), nil })
	case "groupdict":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			d := jinja.NewDict()
			for i, n := range m.p.names {
				if n != "" {
					d.Set(n, m.group(i+1, argument(a, kw, 0, "default", nil)))
				}
			}
			return d, nil
		})
	case "start", "end", "span":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			i, err := m.number(argument(a, kw, 0, "group", int64(0)))
			if err != nil {
				return nil, err
			}
			start, end := int64(m.spans[i][0]), int64(m.spans[i][1])
			return map[string]any{"start": start, "end": end, "span": &jinja.Tuple{V: []any{start, end}}}[name], nil
		})
	case "expand":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return m.expand(jinja.Str(argument(a, kw, 0, "template", "")))
		})
	}
	return nil
}

// expand puts groups into a replacement: \1, \g<1> and \g<name>.
func (m *matchValue) expand(template string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '\\' || i+1 == len(template) {
			b.WriteByte(template[i])
			continue
		}
		i++
		c := template[i]
		control := strings.IndexByte("abfnrtv", c)
		switch {
		case c == 'g':
			name, _, closed := strings.Cut(template[i+1:], ">")
			if !closed || !strings.HasPrefix(name, "<") {
				return "", fmt.Errorf("missing group name in replacement %s", jinja.Repr(template))
			}
			n, ok := m.p.groupNumber(name[1:])
			if !ok {
				return "", fmt.Errorf("unknown group name %s in replacement %s", jinja.Repr(name[1:]), jinja.Repr(template))
			}
			b.WriteString(jinja.Str(m.group(n, "")))
			i += len(name) + 1
		case c >= '0' && c <= '9':
			digits := octalOrGroup(template[i:])
			if c == '0' || len(digits) == 3 {
				code, _ := strconv.ParseUint(digits, 8, 16)
				b.WriteRune(rune(code & 0xff))
			} else if n, ok := m.p.groupNumber(digits); ok {
				b.WriteString(jinja.Str(m.group(n, "")))
			} else {
				return "", fmt.Errorf("invalid group reference %s in replacement %s", digits, jinja.Repr(template))
			}
			i += len(digits) - 1
		case control >= 0:
			b.WriteByte("\a\b\f\n\r\t\v"[control])
		case c == '\\':
			b.WriteByte('\\')
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			return "", fmt.Errorf(`bad escape \%c in replacement %s`, c, jinja.Repr(template))
		default:
			b.WriteString(`\` + string(c))
		}
	}
	return b.String(), nil
}

// octalOrGroup is how many digits belong to a reference in a replacement:
// three octal ones are a character, else one or two name a group.
func octalOrGroup(s string) string {
	n := 0
	for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n == 3 || s[0] == '0' {
		return s[:n]
	}
	if len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
		return s[:2]
	}
	return s[:1]
}
