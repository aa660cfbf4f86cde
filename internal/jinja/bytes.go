package jinja

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bytes is Python's bytes: what str.encode() makes and what a binary column
// holds.
type Bytes string

// Str is str(b), which shows what it is.
func (b Bytes) Str() string { return b.Repr() }

// Repr is repr(b).
func (b Bytes) Repr() string {
	q := byte('\'')
	if strings.Contains(string(b), "'") && !strings.Contains(string(b), `"`) {
		q = '"'
	}
	var out strings.Builder
	out.WriteString("b" + string(q))
	for i := range len(b) {
		switch c := b[i]; {
		case c == q || c == '\\':
			out.WriteString(`\` + string(c))
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String() + string(q)
}

// Hash makes equal bytes equal.
func (b Bytes) Hash() string { return "bytes:" + string(b) }

// Truth is false for none.
func (b Bytes) Truth() bool { return b != "" }

// Iter gives numbers.
func (b Bytes) Iter() []any {
	out := make([]any, len(b))
	for i := range out {
		out[i] = int64(b[i])
	}
	return out
}

// GetItem gives a number.
func (b Bytes) GetItem(key any) (any, bool) {
	i, ok := integer(key)
	if i < 0 {
		i += int64(len(b))
	}
	if !ok || i < 0 || i >= int64(len(b)) {
		return nil, false
	}
	return int64(b[i]), true
}

// Operate joins bytes.
func (b Bytes) Operate(op string, other any, reflected bool) (any, bool) {
	o, ok := other.(Bytes)
	if !ok || op != "+" || reflected {
		return nil, false
	}
	return b + o, true
}

func (Bytes) typeName() string { return "bytes" }

// GetAttr gives the methods.
func (b Bytes) GetAttr(name string) (any, bool) {
	switch name {
	case "decode":
		return &function{name, func(_ *State, _ any, a *arguments) (any, error) { return decode(string(b), a) }}, true
	case "hex":
		return &function{name, func(*State, any, *arguments) (any, error) { return hex.EncodeToString([]byte(b)), nil }}, true
	}
	return nil, false
}

// codec reads the arguments of encode and decode.
func codec(a *arguments) (name, onError string, limit rune) {
	name, onError = a.textOr(0, "encoding", "utf-8"), a.textOr(1, "errors", "strict")
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)) {
	case "utf8":
		return name, onError, utf8.MaxRune
	case "ascii", "usascii":
		return name, onError, 0x7f
	case "latin1", "iso88591":
		return name, onError, 0xff
	}
	a.fail("unknown encoding: %s", name)
	return name, onError, 0
}

// encode is str.encode().
func encode(_ *State, v any, a *arguments) (any, error) {
	name, onError, limit := codec(a)
	if limit == utf8.MaxRune {
		return Bytes(v.(string)), nil
	}
	var b strings.Builder
	for i, r := range []rune(v.(string)) {
		switch {
		case r <= limit:
			b.WriteByte(byte(r))
		case onError == "replace":
			b.WriteByte('?')
		case onError != "ignore":
			return nil, fmt.Errorf("'%s' codec can't encode character %s in position %d: ordinal not in range(%d)", name, ascii(string(r)), i, limit+1)
		}
	}
	return Bytes(b.String()), nil
}

func decode(b string, a *arguments) (any, error) {
	name, onError, limit := codec(a)
	if limit == utf8.MaxRune && utf8.ValidString(b) {
		return b, nil
	}
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		r, n := rune(b[i]), 1
		if limit == utf8.MaxRune {
			if r, n = utf8.DecodeRuneInString(b[i:]); r == utf8.RuneError && n == 1 {
				r = -1
			}
		}
		switch {
		case r >= 0 && r <= limit:
			out.WriteRune(r)
		case onError == "replace":
			out.WriteRune(utf8.RuneError)
		case onError != "ignore":
			return nil, fmt.Errorf("'%s' codec can't decode byte 0x%02x in position %d", name, b[i], i)
		}
		i += n - 1
	}
	return out.String(), nil
}

// ascii is Python's ascii(v): repr(v) with everything else escaped.
func ascii(v any) string {
	var b strings.Builder
	for _, r := range Repr(v) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}
