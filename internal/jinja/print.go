package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// Str is Python's str(v).
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	p := printer{limit: defaultOutput}
	p.str(v)
	return p.b.String()
}

// Repr is Python's repr(v).
func Repr(v any) string {
	if s, ok := v.(string); ok {
		return quote(s)
	}
	p := printer{limit: defaultOutput}
	p.repr(v)
	return p.b.String()
}

// maxNesting is how deep values inside values are followed.
const maxNesting = 200

// printer writes values as Python does. It stops at its limit, because lists
// that hold each other print exponentially more than they take.
type printer struct {
	b     strings.Builder
	limit int
	full  bool
	open  []any // the containers being printed: a list inside itself prints [...]
}

func (p *printer) str(v any) {
	switch x := v.(type) {
	case string:
		p.write(x)
	case Undefined:
	case Reprer:
		if s, ok := v.(Stringer); ok {
			p.write(s.Str())
			return
		}
		p.repr(v)
	default:
		p.repr(v)
	}
}

func (p *printer) write(s string) {
	if p.b.Len()+len(s) > p.limit {
		p.full = true
		return
	}
	p.b.WriteString(s)
}

func (p *printer) repr(v any) {
	switch x := v.(type) {
	case nil:
		p.write("None")
	case bool:
		if x {
			p.write("True")
		} else {
			p.write("False")
		}
	case int64:
		p.write(strconv.FormatInt(x, 10))
	case *big.Int:
		p.write(x.String())
	case float64:
		p.write(formatFloat(x))
	case string:
		p.write(quote(x))
	case Undefined:
		p.write("Undefined")
	case *List:
		p.container(x, "[", "]", x.V)
	case *Tuple:
		end := ")"
		if len(x.V) == 1 {
			end = ",)"
		}
		p.container(x, "(", end, x.V)
	case *Dict:
		p.dict(x)
	case *Macro:
		p.write("<Macro " + quote(x.Block.Name) + ">")
	case interface{ print(*printer) }:
		x.print(p)
	case Reprer:
		p.write(x.Repr())
	case Stringer:
		p.write(x.Str())
	case fmt.Stringer:
		p.write(x.String())
	default:
		p.write("<" + TypeName(v) + " object>")
	}
}

func (p *printer) container(v any, begin, end string, elements []any) {
	if !p.enter(v) {
		p.write(begin + "..." + end)
		return
	}
	p.write(begin)
	for i, e := range elements {
		if p.full {
			break
		}
		if i > 0 {
			p.write(", ")
		}
		p.repr(e)
	}
	p.write(end)
	p.open = p.open[:len(p.open)-1]
}

func (p *printer) dict(d *Dict) {
	if !p.enter(d) {
		p.write("{...}")
		return
	}
	p.write("{")
	for i, e := range d.entries {
		if p.full {
			break
		}
		if i > 0 {
			p.write(", ")
		}
		p.repr(e.key)
		p.write(": ")
		p.repr(e.val)
	}
	p.write("}")
	p.open = p.open[:len(p.open)-1]
}

func (p *printer) enter(v any) bool {
	for _, o := range p.open {
		if o == v {
			return false
		}
	}
	if len(p.open) >= maxNesting {
		return false
	}
	p.open = append(p.open, v)
	return true
}

// formatFloat is repr(float): always recognisable as a float.
func formatFloat(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case math.IsNaN(f):
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quote is repr(str): single quotes unless that means more escaping.
func quote(s string) string {
	if isPlain(s) {
		return "'" + s + "'"
	}
	q := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteRune(q)
	for _, r := range s {
		switch {
		case r == q || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(q)
	return b.String()
}

// isPlain reports a text that repr(str) only puts between single quotes.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}
