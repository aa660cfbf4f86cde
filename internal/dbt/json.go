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

// writeJSON writes a template value.
func writeJSON(b *bytes.Buffer, v any, style jsonStyle) error {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.Write(strconv.AppendBool(b.AvailableBuffer(), x))
	case int:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(x), 10))
	case int64:
		b.Write(strconv.AppendInt(b.AvailableBuffer(), x, 10))
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("write JSON: %v is not a number", x)
		}
		b.WriteString(jinja.Str(x))
	case string:
		return writeJSONString(b, x, style)
	case []string:
		return writeJSONList(b, len(x), func(i int) any { return x[i] }, style)
	case *jinja.List:
		return writeJSONList(b, len(x.V), func(i int) any { return x.V[i] }, style)
	case *jinja.Tuple:
		return writeJSONList(b, len(x.V), func(i int) any { return x.V[i] }, style)
	case *jinja.Dict:
		return writeJSONDict(b, x, style)
	case jinja.Undefined:
		return fmt.Errorf("write JSON: '%s' is undefined", x.Name)
	case jinja.Decimal:
		b.WriteString(x.String())
	case configMoment:
		return writeJSONString(b, x.iso("T", "auto"), style)
	case jinja.Stringer:
		return writeJSONString(b, x.Str(), style)
	default:
		return fmt.Errorf("write JSON: %T has no JSON form", v)
	}
	return nil
}

func writeJSONList(b *bytes.Buffer, n int, at func(int) any, style jsonStyle) error {
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteString(style.comma())
		}
		if err := writeJSON(b, at(i), style); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func writeJSONDict(b *bytes.Buffer, d *jinja.Dict, style jsonStyle) error {
	if style.sorted {
		d = sortedByKey(d)
	}
	b.WriteByte('{')
	for i := range d.Len() {
		if i > 0 {
			b.WriteString(style.comma())
		}
		k, v := d.At(i)
		if err := writeJSONString(b, jsonKey(k), style); err != nil {
			return err
		}
		b.WriteByte(':')
		if style.spaced {
			b.WriteByte(' ')
		}
		if err := writeJSON(b, v, style); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
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

func writeJSONString(b *bytes.Buffer, s string, style jsonStyle) error {
	if isPlain(s) {
		b.WriteByte('"')
		b.WriteString(s)
		b.WriteByte('"')
		return nil
	}
	var one bytes.Buffer
	e := json.NewEncoder(&one)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return err
	}
	text := strings.TrimSuffix(one.String(), "\n")
	if !style.ascii {
		b.WriteString(text)
		return nil
	}
	for _, r := range text {
		switch {
		case r < 128:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	return nil
}

// isPlain reports a text that JSON writes as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// keysIn lists the keys of a mapping that may be nil, in order.
func keysIn(d *jinja.Dict) []any {
	if d == nil {
		return nil
	}
	return d.Keys()
}
