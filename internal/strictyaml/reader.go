package strictyaml

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Reader reads one file and keeps what is wrong with it.
type Reader struct {
	File     string // for messages
	Problems Problems
}

// Fields are the values of a mapping by key.
type Fields struct {
	Node   *yaml.Node
	values map[string]*yaml.Node
}

// Get is a value, nil when the mapping has none.
func (f *Fields) Get(key string) *yaml.Node { return f.values[key] }

// Fail notes a mistake. The node is where it is, nil when that is not known.
func (r *Reader) Fail(at *yaml.Node, hint, format string, args ...any) {
	problem := Problem{File: r.File, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at != nil {
		problem.Line, problem.Col = at.Line, at.Column
	}
	r.Problems = append(r.Problems, problem)
}

// Document is the root of the file; nil, and a problem, when there is none.
func (r *Reader) Document(text []byte, empty, hint string) *yaml.Node {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		r.notYAML(err)
		return nil
	}
	if len(document.Content) == 0 {
		r.Fail(nil, hint, "%s", empty)
		return nil
	}
	return document.Content[0]
}

// notYAML keeps the line that the YAML reader names.
func (r *Reader) notYAML(err error) {
	problem := Problem{File: r.File, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	var at *yaml.LoadError
	if errors.As(err, &at) {
		problem.Line, problem.Col = at.Mark.Line, at.Mark.Column
	}
	r.Problems = append(r.Problems, problem)
}

// Mapping returns the fields of a YAML mapping, and complains of keys that are
// not known or given twice. It returns nil for anything else.
func (r *Reader) Mapping(node *yaml.Node, what string, known ...string) *Fields {
	if node.Kind != yaml.MappingNode {
		r.Fail(node, "write it as `key: value` pairs with the keys "+strings.Join(known, ", "), "%s must be a mapping", what)
		return nil
	}
	fields := &Fields{Node: node, values: map[string]*yaml.Node{}}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !slices.Contains(known, key.Value) {
			hint := "the keys are " + strings.Join(known, ", ")
			if name, ok := Near(key.Value, known); ok {
				hint = "did you mean " + name + "?"
			}
			r.Fail(key, hint, "%s has no key %q", what, key.Value)
			continue
		}
		if _, twice := fields.values[key.Value]; twice {
			r.Fail(key, "", "%s is given twice", key.Value)
		}
		fields.values[key.Value] = value
	}
	return fields
}

// Required returns a value that must be there.
func (r *Reader) Required(fields *Fields, key string) *yaml.Node {
	node := fields.Get(key)
	if node == nil || node.Tag == "!!null" {
		r.Fail(fields.Node, "add `"+key+": …`", "%s is missing", key)
		return nil
	}
	return node
}

// Text is a value that is one text; empty where there is none.
func (r *Reader) Text(fields *Fields, key string) string {
	node := fields.Get(key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		r.Fail(node, "", "%s must be a text", key)
		return ""
	}
	return node.Value
}

// Bool is a value that is true or false; false where there is none.
func (r *Reader) Bool(fields *Fields, key string) bool {
	node := fields.Get(key)
	if node == nil {
		return false
	}
	if node.Tag != "!!bool" {
		r.Fail(node, "write `"+key+": true`", "%s must be true or false", key)
	}
	return node.Value == "true"
}

// Err is all problems in the order of the file, or nil.
func (r *Reader) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Col - b.Col
	})
	return r.Problems
}
