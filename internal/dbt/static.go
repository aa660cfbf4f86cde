package dbt

import (
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// readStatic learns what a template refers to and configures without rendering
// it, where its only code are calls of ref, source and config with literal
// arguments: most models are such, and a render would find the same. It is not
// ok for anything else, errors included, of which a render then tells.
func (s *scope) readStatic(text string) (ok bool) {
	found := &seen{macros: s.seen.macros}
	reader := &scope{p: s.p, pkg: s.pkg, level: s.level, node: s.node, seen: found}
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 || i+1 == len(text) {
			break
		}
		switch text = text[i+1:]; text[0] {
		case '%', '#':
			return false
		case '{':
			call := literalCall{text: strings.TrimPrefix(text[1:], "-")}
			if !call.read() || !reader.note(call) {
				return false
			}
			text = call.text
		}
	}
	found.sources = onceEach(found.sources)
	*s.seen = *found
	return true
}

// onceEach leaves out what was named before, as dbt does where it renders
// nothing.
func onceEach(sources []SourceRef) []SourceRef {
	var out []SourceRef
	for _, s := range sources {
		if !slices.ContainsFunc(out, func(o SourceRef) bool { return o.Source == s.Source && o.Table == s.Table }) {
			out = append(out, s)
		}
	}
	return out
}

// note does what the call would do in a render.
func (s *scope) note(c literalCall) bool {
	if m := s.p.findMacro(s.pkg, c.name); m != nil && m.PackageName != builtinName {
		return false // the project has a macro of that name
	}
	switch c.name {
	case "ref":
		r, err := readRef(c.args, c.kw)
		s.seen.refs = append(s.seen.refs, r)
		return err == nil
	case "source":
		r, err := readSource(c.args)
		s.seen.sources = append(s.seen.sources, r)
		return err == nil && c.kw.Len() == 0
	case "config":
		_, err := configValue{s}.Call(nil, c.args, c.kw)
		return err == nil
	}
	return false
}

// literalCall reads `name(arguments) }}` from the front of text.
type literalCall struct {
	text string
	name string
	args []any
	kw   *jinja.Dict
}

func (c *literalCall) read() bool {
	c.name = c.word()
	if c.name == "" || !c.next("(") {
		return false
	}
	for !c.next(")") {
		if !c.argument() || !c.next(",") && !strings.HasPrefix(c.text, ")") {
			return false
		}
	}
	c.next("-")
	end, ok := strings.CutPrefix(c.text, "}}")
	c.text = end
	return ok
}

func (c *literalCall) argument() bool {
	name := c.peekKeyword()
	v, ok := c.value()
	switch {
	case !ok:
	case name == "" && c.kw == nil:
		c.args = append(c.args, v)
	case name != "":
		if c.kw == nil {
			c.kw = jinja.NewDict()
		}
		if has(c.kw, name) {
			return false
		}
		c.kw.Set(name, v)
	default:
		return false
	}
	return ok
}

// peekKeyword takes `name =`, if that is what comes next.
func (c *literalCall) peekKeyword() string {
	before := c.text
	if name := c.word(); name != "" && c.next("=") && !strings.HasPrefix(c.text, "=") {
		return name
	}
	c.text = before
	return ""
}

// value reads a literal whose text says what it is without any doubt.
func (c *literalCall) value() (any, bool) {
	c.space()
	switch {
	case c.text == "":
		return nil, false
	case c.text[0] == '\'' || c.text[0] == '"':
		s, rest, ok := strings.Cut(c.text[1:], c.text[:1])
		c.text = rest
		return s, ok && !strings.ContainsAny(s, "\\\r")
	case c.text[0] == '[':
		return c.list()
	}
	switch w := c.word(); w {
	case "true", "True":
		return true, true
	case "false", "False":
		return false, true
	case "none", "None":
		return nil, true
	case "0":
		return int64(0), true
	default:
		i, err := strconv.ParseInt(w, 10, 64)
		return i, err == nil && w[0] != '0'
	}
}

func (c *literalCall) list() (any, bool) {
	c.next("[")
	l := jinja.NewList()
	for !c.next("]") {
		v, ok := c.value()
		if !ok || !c.next(",") && !strings.HasPrefix(c.text, "]") {
			return nil, false
		}
		l.V = append(l.V, v)
	}
	return l, true
}

// word takes letters, digits and underscores.
func (c *literalCall) word() string {
	c.space()
	i := 0
	for i < len(c.text) && (c.text[i] == '_' || c.text[i]|0x20 >= 'a' && c.text[i]|0x20 <= 'z' || c.text[i] >= '0' && c.text[i] <= '9') {
		i++
	}
	w := c.text[:i]
	c.text = c.text[i:]
	return w
}

// next takes a token, if that is what comes next.
func (c *literalCall) next(token string) bool {
	c.space()
	rest, ok := strings.CutPrefix(c.text, token)
	c.text = rest
	return ok
}

func (c *literalCall) space() { c.text = strings.TrimLeft(c.text, " \t\r\n") }
