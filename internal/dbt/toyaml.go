package dbt

import (
	"fmt"
	"math/big"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// toYAML is toyaml(value, default, sort_keys), written as Python's YAML does:
// lists are not indented, texts stand in quotes only where they must.
func toYAML(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	w := yamlWriter{sorted: jinja.Truth(argument(a, kw, 2, "sort_keys", false))}
	v := argument(a, kw, 0, "value", nil)
	if !w.block(v, 0, false) {
		return argument(a, kw, 1, "default", nil), nil
	}
	text := strings.TrimPrefix(w.b.String(), "\n")
	if !isCollection(v) && !strings.HasPrefix(text, "'") && !strings.HasPrefix(text, `"`) {
		text += "...\n"
	}
	return text, nil
}

// yamlWriter writes values in block style.
type yamlWriter struct {
	b      strings.Builder
	sorted bool
}

func isCollection(v any) bool {
	switch x := v.(type) {
	case *jinja.Dict:
		return x.Len() > 0
	case *jinja.List:
		return len(x.V) > 0
	}
	return false
}

// block writes a value that stands behind a dash, a key or nothing; it is not
// ok where YAML has no form for it.
func (w *yamlWriter) block(v any, indent int, afterDash bool) bool {
	if indent > 200 {
		return false
	}
	pad := strings.Repeat(" ", indent)
	first := pad
	if afterDash {
		first = ""
	}
	switch x := v.(type) {
	case *jinja.Dict:
		if x.Len() == 0 {
			w.b.WriteString("{}\n")
			return true
		}
		if w.sorted {
			x = sortedByKey(x)
		}
		for i, key := range x.Keys() {
			value, _ := x.Get(key)
			name, ok := yamlScalar(key, indent)
			if !ok {
				return false
			}
			if i > 0 {
				first = pad
			}
			w.b.WriteString(first + name + ":")
			if !w.value(value, indent) {
				return false
			}
		}
		return true
	case *jinja.List:
		if len(x.V) == 0 {
			w.b.WriteString("[]\n")
			return true
		}
		for i, e := range x.V {
			if i > 0 {
				first = pad
			}
			w.b.WriteString(first + "- ")
			if !w.block(e, indent+2, true) {
				return false
			}
		}
		return true
	}
	text, ok := yamlScalar(v, indent)
	w.b.WriteString(text + "\n")
	return ok
}

// value is what stands behind a key: a collection on the lines below.
func (w *yamlWriter) value(v any, indent int) bool {
	if !isCollection(v) {
		w.b.WriteString(" ")
		return w.block(v, indent, true)
	}
	w.b.WriteString("\n")
	if _, isDict := v.(*jinja.Dict); isDict {
		indent += 2
	}
	return w.block(v, indent, false)
}

func yamlScalar(v any, indent int) (string, bool) {
	switch x := v.(type) {
	case nil:
		return "null", true
	case bool:
		return strings.ToLower(jinja.Str(x)), true
	case int64, *big.Int:
		return jinja.Str(x), true
	case float64:
		text := jinja.Str(x)
		if special, ok := map[string]string{"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}[text]; ok {
			return special, true
		}
		return text, true
	case dateValue, datetime:
		return jinja.Str(x), true
	case string:
		return yamlText(x, indent), true
	}
	return "", false
}

var (
	yamlWord = pattern(`^(?i:yes|no|true|false|on|off|null|~|=|<<|[-+]?\.inf|\.nan)?$`)
	// What YAML 1.1 reads as a number or a date.
	yamlNumber = pattern(`^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?|0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$|^\d{4}-\d\d?-\d\d?(?:[Tt\s].*)?$`)
	yamlPlain  = pattern(`^[^\s\-?:,\[\]{}#&*!|>'"%@` + "`" + `][^\n]*$|^[-?:][^\s][^\n]*$`)
)

// yamlText quotes a text that would be read as something else.
func yamlText(s string, indent int) string {
	for _, r := range s {
		if r < ' ' && r != '\n' || r == 0x7f || r == 0x85 || r == 0xa0 || r == 0xfeff {
			return fmt.Sprintf("%q", s)
		}
	}
	plain := yamlPlain().MatchString(s) && !yamlWord().MatchString(s) && !yamlNumber().MatchString(s) &&
		!strings.Contains(s, ": ") && !strings.Contains(s, " #") && !strings.HasSuffix(s, ":") && strings.TrimSpace(s) == s &&
		!strings.HasPrefix(s, "---") && !strings.HasPrefix(s, "...")
	if plain {
		return s
	}
	quoted := strings.ReplaceAll(s, "'", "''")
	return "'" + strings.ReplaceAll(quoted, "\n", "\n\n"+strings.Repeat(" ", indent+2)) + "'"
}

var yamlDay = pattern(`^\d{4}-\d\d-\d\d$`)

// withDates puts dates in the place of texts that Python's YAML reads as such.
func withDates(n *yaml.Node, v any) any {
	n = resolveAlias(n)
	switch x := v.(type) {
	case string:
		if n.Style == 0 && yamlDay().MatchString(x) {
			if d, err := isoMoment(x); err == nil {
				return dateValue{d.wall}
			}
		}
	case *jinja.List:
		for i, e := range elements(n) {
			x.V[i] = withDates(e, x.V[i])
		}
	case *jinja.Dict:
		for _, e := range entries(n) {
			key := scalar(e.at)
			value, _ := x.Get(key)
			x.Set(key, withDates(e.value, value))
		}
	}
	return v
}
