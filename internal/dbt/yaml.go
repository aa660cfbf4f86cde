package dbt

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// parseYAML reads one document. A file without content gives nil. Of a key
// written twice the last one counts, as PyYAML has it.
func parseYAML(data []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return resolveAlias(doc.Content[0]), nil
}

func resolveAlias(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

const mergeTag = "!!merge"

// entry is one key of a YAML mapping.
type entry struct {
	key   string
	at    *yaml.Node
	value *yaml.Node
}

// entries lists a mapping's keys in order, merge keys (<<) included; nothing
// for anything else.
func entries(n *yaml.Node) []entry {
	n = resolveAlias(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := make([]entry, 0, len(n.Content)/2)
	index := make(map[string]int, len(n.Content)/2)
	set := func(e entry, override bool) {
		if i, ok := index[e.key]; ok {
			if override {
				out[i] = e
			}
			return
		}
		index[e.key] = len(out)
		out = append(out, e)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], resolveAlias(n.Content[i+1])
		if k.Tag != mergeTag {
			set(entry{k.Value, k, v}, true)
			continue
		}
		merged := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			merged = v.Content
		}
		for _, m := range merged {
			for _, e := range entries(m) {
				set(e, false)
			}
		}
	}
	return out
}

// child is the value under a key; nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	_, value := find(n, key)
	return value
}

// keyNode is the key itself, for its place in the file.
func keyNode(n *yaml.Node, key string) *yaml.Node {
	at, _ := find(n, key)
	return at
}

// find is entries for one key alone.
func find(n *yaml.Node, key string) (at, value *yaml.Node) {
	n = resolveAlias(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	merges := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Tag == mergeTag {
			merges = true
		} else if k.Value == key {
			at, value = k, resolveAlias(n.Content[i+1])
		}
	}
	if at != nil || !merges {
		return at, value
	}
	for _, e := range entries(n) {
		if e.key == key {
			return e.at, e.value
		}
	}
	return nil, nil
}

// elements lists a sequence; nothing for anything else.
func elements(n *yaml.Node) []*yaml.Node {
	n = resolveAlias(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, e := range n.Content {
		out[i] = resolveAlias(e)
	}
	return out
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// text is a scalar as it is written, so that a model may be named off; empty
// for null and for anything else.
func text(n *yaml.Node) string {
	n = resolveAlias(n)
	if isNull(n) || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// plain turns YAML into template values; mappings keep their order.
func plain(n *yaml.Node) any { return yamlValue(n, nil) }

// yamlValue turns YAML into template values, with texts through render when
// it is not nil. The path holds the keys that lead to the text.
func yamlValue(n *yaml.Node, render func(n *yaml.Node, path []string) any, path ...string) any {
	n = resolveAlias(n)
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		d := jinja.NewDict()
		for _, e := range entries(n) {
			d.Set(scalar(e.at), yamlValue(e.value, render, append(path[:len(path):len(path)], e.key)...))
		}
		return d
	case yaml.SequenceNode:
		l := jinja.NewList()
		for i, e := range elements(n) {
			l.V = append(l.V, yamlValue(e, render, append(path[:len(path):len(path)], strconv.Itoa(i))...))
		}
		return l
	}
	v := scalar(n)
	if s, ok := v.(string); ok && render != nil && hasTemplate(s) {
		return render(n, path)
	}
	return v
}

func hasTemplate(s string) bool {
	return strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "{#")
}

// The plain scalars of YAML 1.1, which is what dbt projects are written in.
var (
	yamlInt   = pattern(`^[-+]?(0|[1-9][0-9_]*)$`)
	yamlOctal = pattern(`^[-+]?0[0-7_]+$`)
	yamlHex   = pattern(`^[-+]?0x[0-9a-fA-F_]+$`)
	yamlFloat = pattern(`^[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)$`)
)

// scalar reads a scalar by the rules of YAML 1.1: yes, no, on and off are
// booleans; a quoted or block text is always text.
func scalar(n *yaml.Node) any {
	if n.Kind != yaml.ScalarNode {
		return plain(n)
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value
	}
	if n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return n.Value
	}
	s := n.Value
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return false
	}
	return number(s)
}

func number(s string) any {
	if c := s[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return s
	}
	digits := strings.ReplaceAll(s, "_", "")
	base := 0
	switch {
	case yamlInt().MatchString(s):
		base = 10
	case yamlOctal().MatchString(s):
		base = 8
	case yamlHex().MatchString(s):
		base = 16
		digits = strings.Replace(digits, "0x", "", 1)
	case yamlFloat().MatchString(s):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	}
	if base != 0 {
		if i, err := strconv.ParseInt(digits, base, 64); err == nil {
			return i
		}
	}
	return s
}
