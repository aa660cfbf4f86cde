package dbt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// jsonStyle is how JSON is written: as Python's json.dumps does it for
// templates, compactly for artifacts.
type jsonStyle struct{ spaced, ascii, sorted bool }

// appendJSON appends a template value.
func appendJSON(b []byte, v any, style jsonStyle) ([]byte, error) {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, x), nil
	case int:
		return strconv.AppendInt(b, int64(x), 10), nil
	case int64:
		return strconv.AppendInt(b, x, 10), nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return b, fmt.Errorf("write JSON: %v is not a number", x)
		}
		return append(b, jinja.Str(x)...), nil
	case string:
		return appendJSONString(b, x, style), nil
	case []string:
		return appendJSONList(b, len(x), func(i int) any { return x[i] }, style)
	case *jinja.List:
		return appendJSONList(b, len(x.V), func(i int) any { return x.V[i] }, style)
	case *jinja.Tuple:
		return appendJSONList(b, len(x.V), func(i int) any { return x.V[i] }, style)
	case *jinja.Dict:
		return appendJSONDict(b, x, style)
	case jinja.Undefined:
		return b, fmt.Errorf("write JSON: '%s' is undefined", x.Name)
	case jinja.Decimal:
		return append(b, x.String()...), nil
	case configMoment:
		return appendJSONString(b, x.iso("T", "auto"), style), nil
	case jinja.Stringer:
		return appendJSONString(b, x.Str(), style), nil
	}
	return b, fmt.Errorf("write JSON: %T has no JSON form", v)
}

func appendJSONList(b []byte, n int, at func(int) any, style jsonStyle) ([]byte, error) {
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, style.comma()...)
		}
		var err error
		if b, err = appendJSON(b, at(i), style); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendJSONDict(b []byte, d *jinja.Dict, style jsonStyle) ([]byte, error) {
	if style.sorted {
		d = sortedByKey(d)
	}
	b = append(b, '{')
	for i := range d.Len() {
		if i > 0 {
			b = append(b, style.comma()...)
		}
		k, v := d.At(i)
		b = append(appendJSONString(b, jsonKey(k), style), ':')
		if style.spaced {
			b = append(b, ' ')
		}
		var err error
		if b, err = appendJSON(b, v, style); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

func sortedByKey(d *jinja.Dict) *jinja.Dict {
	keys := keysIn(d)
	slices.SortFunc(keys, func(x, y any) int { return strings.Compare(jinja.Str(x), jinja.Str(y)) })
	out := jinja.NewDict()
	for _, k := range keys {
		v, _ := d.Get(k)
		out.Set(k, v)
	}
	return out
}

func (s jsonStyle) comma() string {
	if s.spaced {
		return ", "
	}
	return ","
}

func jsonKey(k any) string {
	switch x := k.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(x)
	}
	return jinja.Str(k)
}

func appendJSONString(b []byte, s string, style jsonStyle) []byte {
	b = append(b, '"')
	for {
		n := plainLen(s)
		b, s = append(b, s[:n]...), s[n:]
		if s == "" {
			return append(b, '"')
		}
		switch s[0] {
		case '"', '\\':
			b = append(b, '\\', s[0])
		case '\n':
			b = append(b, `\n`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			return append(appendRareJSON(b, s, style), '"')
		}
		s = s[1:]
	}
}

// plainLen is how many bytes JSON writes as they are.
func plainLen(s string) int {
	for i := range len(s) {
		if !isPlain[s[i]] {
			return i
		}
	}
	return len(s)
}

var isPlain = func() (plain [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// appendRareJSON leaves what is neither ASCII nor a usual escape to the library.
func appendRareJSON(b []byte, s string, style jsonStyle) []byte {
	var one bytes.Buffer
	e := json.NewEncoder(&one)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // no text fails
	text := strings.TrimSuffix(one.String(), "\n")
	text = text[1 : len(text)-1]
	if !style.ascii {
		return append(b, text...)
	}
	for _, r := range text {
		switch {
		case r < 128:
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}

// keysIn lists the keys of a mapping that may be nil, in order.
func keysIn(d *jinja.Dict) []any {
	if d == nil {
		return nil
	}
	return d.Keys()
}
