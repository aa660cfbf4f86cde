package jinja

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
)

// ErrCircular is what JSON says of a list that is inside itself.
var ErrCircular = errors.New("Circular reference detected")

// JSON writes a value as Python's json.dumps does with default options.
func JSON(s *State, v any, sortKeys bool) (string, error) {
	w := jsonWriter{s: s, sortKeys: sortKeys}
	if err := w.value(v, 0); err != nil {
		return "", err
	}
	return w.b.String(), nil
}

// toHTMLSafeJSON is jinja's filter tojson: keys sorted, and what HTML would
// read as markup escaped. dbt's function tojson is another one.
func toHTMLSafeJSON(s *State, v any, a *arguments) (any, error) {
	indent := a.optional(0, "indent", nil)
	w := jsonWriter{s: s, sortKeys: true}
	if n, ok := integer(indent); ok {
		w.indent = strings.Repeat(" ", int(max(0, min(n, 100))))
		w.pretty = true
	}
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	safe := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)
	return safe.Replace(w.b.String()), nil
}

type jsonWriter struct {
	s        *State
	b        strings.Builder
	sortKeys bool
	pretty   bool
	indent   string
}

func (w *jsonWriter) value(v any, depth int) error {
	if depth > maxNesting {
		return ErrCircular
	}
	if err := w.s.fits(w.b.Len()); err != nil {
		return err
	}
	switch x := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(x))
	case int64:
		w.b.WriteString(strconv.FormatInt(x, 10))
	case *big.Int:
		w.b.WriteString(x.String())
	case float64:
		w.b.WriteString(jsonFloat(x))
	case string:
		w.text(x)
	case *List:
		return w.array(x.V, depth)
	case *Tuple:
		return w.array(x.V, depth)
	case *group:
		return w.array(x.Iter(), depth)
	case *Dict:
		return w.object(x, depth)
	default:
		return fmt.Errorf("Object of type %s is not JSON serializable", TypeName(v))
	}
	return nil
}

func jsonFloat(f float64) string {
	switch s := formatFloat(f); s {
	case "inf":
		return "Infinity"
	case "-inf":
		return "-Infinity"
	case "nan":
		return "NaN"
	default:
		return s
	}
}

func (w *jsonWriter) text(s string) {
	w.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.b.WriteByte('\\')
			w.b.WriteRune(r)
		case r == '\n':
			w.b.WriteString(`\n`)
		case r == '\t':
			w.b.WriteString(`\t`)
		case r == '\r':
			w.b.WriteString(`\r`)
		case r == '\b':
			w.b.WriteString(`\b`)
		case r == '\f':
			w.b.WriteString(`\f`)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&w.b, `\u%04x\u%04x`, high, low)
		case r < ' ' || r > '~':
			fmt.Fprintf(&w.b, `\u%04x`, r)
		default:
			w.b.WriteRune(r)
		}
	}
	w.b.WriteByte('"')
}

func (w *jsonWriter) array(v []any, depth int) error {
	w.b.WriteByte('[')
	for i, e := range v {
		w.separate(i, depth)
		if err := w.value(e, depth+1); err != nil {
			return err
		}
	}
	w.end(len(v), depth, ']')
	return nil
}

func (w *jsonWriter) object(d *Dict, depth int) error {
	entries := d.items()
	if w.sortKeys {
		var err error
		if entries, err = w.s.sorted(entries, false, func(e any) (any, error) { return e.(*Tuple).V[0], nil }); err != nil {
			return err
		}
	}
	w.b.WriteByte('{')
	for i, e := range entries {
		kv := e.(*Tuple).V
		key, err := jsonKey(kv[0])
		if err != nil {
			return err
		}
		w.separate(i, depth)
		w.text(key)
		w.b.WriteString(": ")
		if err := w.value(kv[1], depth+1); err != nil {
			return err
		}
	}
	w.end(len(entries), depth, '}')
	return nil
}

func jsonKey(k any) (string, error) {
	switch x := k.(type) {
	case nil:
		return "null", nil
	case bool:
		return strconv.FormatBool(x), nil
	case float64:
		return jsonFloat(x), nil
	case string, int64, *big.Int:
		return Str(x), nil
	}
	return "", fmt.Errorf("keys must be str, int, float, bool or None, not %s", TypeName(k))
}

func (w *jsonWriter) separate(i, depth int) {
	if i > 0 {
		w.b.WriteByte(',')
		if !w.pretty {
			w.b.WriteByte(' ')
		}
	}
	if w.pretty {
		w.b.WriteString("\n" + strings.Repeat(w.indent, depth+1))
	}
}

func (w *jsonWriter) end(n, depth int, bracket byte) {
	if w.pretty && n > 0 {
		w.b.WriteString("\n" + strings.Repeat(w.indent, depth))
	}
	w.b.WriteByte(bracket)
}
