package dbt

import (
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// literal reads a Python literal, which is what a rendered YAML value counts
// as when a filter asks for it: numbers, True, False, None, texts, lists,
// tuples and mappings.
func literal(s string) (any, bool) {
	p := &literalParser{s: s}
	p.space()
	v, ok := p.value()
	p.space()
	if !ok || p.i != len(p.s) {
		return nil, false
	}
	return v, true
}

type literalParser struct {
	s string
	i int
}

func (p *literalParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *literalParser) skip(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *literalParser) value() (any, bool) {
	p.space()
	if p.i >= len(p.s) {
		return nil, false
	}
	switch c := p.s[p.i]; c {
	case '\'', '"':
		return p.text(c)
	case '[':
		p.i++
		items, ok := p.items(']')
		return &jinja.List{V: items}, ok
	case '(':
		p.i++
		start := p.i
		items, ok := p.items(')')
		if ok && len(items) == 1 && !strings.Contains(p.s[start:p.i], ",") {
			return items[0], true
		}
		return &jinja.Tuple{V: items}, ok
	case '{':
		p.i++
		return p.dict()
	}
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n,]}):", p.s[p.i]) < 0 {
		p.i++
	}
	return word(p.s[start:p.i])
}

func word(w string) (any, bool) {
	switch w {
	case "True":
		return true, true
	case "False":
		return false, true
	case "None":
		return nil, true
	case "":
		return nil, false
	}
	if strings.HasPrefix(strings.TrimLeft(w, "+-"), "0") && len(strings.Trim(w, "+-0")) > 0 && !strings.ContainsAny(w, ".eE") {
		return nil, false // Python has no numbers with leading zeros
	}
	if i, err := strconv.ParseInt(strings.ReplaceAll(w, "_", ""), 10, 64); err == nil {
		return i, true
	}
	if c := strings.TrimLeft(w, "+-"); c == "" || c[0] != '.' && (c[0] < '0' || c[0] > '9') {
		return nil, false
	}
	f, err := strconv.ParseFloat(w, 64)
	return f, err == nil
}

func (p *literalParser) text(quote byte) (any, bool) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case quote:
			p.i++
			return b.String(), true
		case '\\':
			p.i++
			if p.i >= len(p.s) {
				return nil, false
			}
			escapes := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"'}
			e, ok := escapes[p.s[p.i]]
			if !ok {
				return nil, false
			}
			b.WriteByte(e)
		default:
			b.WriteByte(c)
		}
	}
	return nil, false
}

func (p *literalParser) items(end byte) ([]any, bool) {
	var items []any
	for !p.skip(end) {
		if len(items) > 0 && !p.skip(',') {
			return nil, false
		}
		if p.skip(end) {
			return items, true
		}
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		items = append(items, v)
	}
	return items, true
}

func (p *literalParser) dict() (any, bool) {
	d := jinja.NewDict()
	for !p.skip('}') {
		if d.Len() > 0 && !p.skip(',') {
			return nil, false
		}
		if p.skip('}') {
			return d, true
		}
		k, ok := p.value()
		if !ok || !p.skip(':') {
			return nil, false
		}
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		d.Set(k, v)
	}
	return d, true
}
