package flatten

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/schema"
)

// ParseSpec reads a mapping. The file name is for messages only. An error is
// of type Problems and names every mistake with its place.
func ParseSpec(file string, text []byte) (*Spec, error) {
	p := &parser{file: file}
	spec := p.spec(text)
	if len(p.problems) == 0 {
		p.check(spec)
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Col - b.Col
		})
		return nil, p.problems
	}
	return spec, nil
}

type parser struct {
	file     string
	problems Problems
	tables   []*yaml.Node   // where each table stands
	columns  [][]*yaml.Node // where each column of each table stands
}

func (p *parser) fail(at *yaml.Node, hint, format string, args ...any) {
	problem := Problem{File: p.file, Message: fmt.Sprintf(format, args...), Hint: hint}
	if at != nil {
		problem.Line, problem.Col = at.Line, at.Column
	}
	p.problems = append(p.problems, problem)
}

func (p *parser) spec(text []byte) *Spec {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		p.notYAML(err)
		return nil
	}
	if len(document.Content) == 0 {
		p.fail(nil, "start with `record: study`", "the mapping is empty")
		return nil
	}
	fields := p.mapping(document.Content[0], "the mapping", "record", "identity", "tables")
	if fields == nil {
		return nil
	}
	spec := &Spec{record: p.name(fields, "record")}
	if node := p.required(fields, "identity"); node != nil {
		spec.identity = p.identity(node)
	}
	if node := p.required(fields, "tables"); node != nil {
		if node.Kind != yaml.SequenceNode {
			p.fail(node, "write `- name: studies` below `tables:`", "tables must be a list")
			return spec
		}
		for _, item := range node.Content {
			spec.tables = append(spec.tables, p.table(item, spec.record))
		}
	}
	return spec
}

// notYAML keeps the line that the YAML reader names.
func (p *parser) notYAML(err error) {
	problem := Problem{File: p.file, Message: "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	var at *yaml.LoadError
	if errors.As(err, &at) {
		problem.Line, problem.Col = at.Mark.Line, at.Mark.Column
	}
	p.problems = append(p.problems, problem)
}

func (p *parser) identity(node *yaml.Node) identity {
	fields := p.mapping(node, "identity", "column", "path", "pattern")
	if fields == nil {
		return identity{}
	}
	id := identity{column: p.name(fields, "column")}
	if at := p.required(fields, "path"); at != nil {
		id.path = p.path(at)
		if id.path.list || len(id.path.steps) == 0 {
			p.fail(at, "", "the identity must be one value of the record")
		}
	}
	id.pattern = p.pattern(fields)
	return id
}

func (p *parser) table(node *yaml.Node, record string) table {
	p.tables = append(p.tables, node)
	p.columns = append(p.columns, nil)
	fields := p.mapping(node, "a table", "name", "each", "grain", "key", "columns")
	if fields == nil {
		return table{}
	}
	t := table{name: p.name(fields, "name"), grain: p.text(fields, "grain")}
	if at := p.required(fields, "each"); at != nil {
		t.parts = p.parts(at, record)
	}
	if at := p.required(fields, "key"); at != nil {
		t.key = p.names(at)
	}
	at := p.required(fields, "columns")
	if at == nil {
		return t
	}
	if at.Kind != yaml.SequenceNode {
		p.fail(at, "write `- {name: …, path: …, type: text}` below `columns:`", "columns must be a list")
		return t
	}
	for _, item := range at.Content {
		t.columns = append(t.columns, p.column(item))
	}
	p.columns[len(p.columns)-1] = at.Content
	return t
}

func (p *parser) parts(node *yaml.Node, record string) []part {
	if node.Kind == yaml.ScalarNode && node.Value == record {
		return nil
	}
	hint := fmt.Sprintf("write `each: %s` for one row per %s, or a list of `{path: …}`", record, record)
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		p.fail(node, hint, "each must be %q or a list of places", record)
		return []part{{}}
	}
	var parts []part
	for _, item := range node.Content {
		var one part
		if fields := p.mapping(item, "a place under each", "path", "set"); fields != nil {
			if at := p.required(fields, "path"); at != nil {
				one.path = p.path(at)
				if len(one.path.steps) == 0 {
					p.fail(at, hint, "a place under each must be inside the record")
				}
			}
			if at, ok := fields["set"]; ok {
				one.set = p.constants(at)
			}
		}
		parts = append(parts, one)
	}
	return parts
}

func (p *parser) constants(node *yaml.Node) map[string]string {
	if node.Kind != yaml.MappingNode {
		p.fail(node, "write `set: {role: lead}`", "set must give constants by name")
		return nil
	}
	constants := map[string]string{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			p.fail(value, "", "the constant %s must be a text", key.Value)
			continue
		}
		if _, twice := constants[key.Value]; twice {
			p.fail(key, "", "the constant %s is given twice", key.Value)
		}
		constants[key.Value] = value.Value
	}
	return constants
}

func (p *parser) column(node *yaml.Node) column {
	fields := p.mapping(node, "a column", "name", "type", "path", "set", "lake", "join", "required", "pattern", "description")
	if fields == nil {
		return column{}
	}
	c := column{name: p.name(fields, "name"), description: p.text(fields, "description"), pattern: p.pattern(fields)}
	if at := p.required(fields, "type"); at != nil {
		typ, err := schema.ParseType(at.Value)
		if err != nil {
			hint := "write one of text, integer, double, boolean"
			p.fail(at, hint, "%q is no type", at.Value)
		}
		c.typ = typ
	}
	var sources []string
	for _, source := range []string{"path", "set", "lake"} {
		if _, ok := fields[source]; ok {
			sources = append(sources, source)
		}
	}
	if len(sources) != 1 {
		p.fail(node, "give the column one of `path: …`, `set: …` or `lake: …`", "a column takes its value from one place, this one from %d", len(sources))
		return c
	}
	if at, ok := fields["path"]; ok {
		c.path = p.path(at)
	}
	c.set, c.lake = p.text(fields, "set"), p.text(fields, "lake")
	p.options(&c, fields)
	return c
}

// options reads what says more of a column than its name, type and source.
func (p *parser) options(c *column, fields map[string]*yaml.Node) {
	if at, ok := fields["required"]; ok {
		if at.Tag != "!!bool" {
			p.fail(at, "write `required: true`", "required must be true or false")
		}
		c.required = at.Value == "true"
	}
	at, joined := fields["join"]
	c.join = p.text(fields, "join")
	switch {
	case joined && !c.path.list:
		p.fail(at, "end the path with []", "join puts text between the elements of a list; this path is no list")
	case !joined && c.path.list:
		p.fail(fields["path"], "add `join: '/'`, or make the list a table of its own", "a column holds one value, this path is a list")
	}
	if !c.fromRecord() && (c.required || c.pattern != "") {
		p.fail(fields["name"], "", "required and pattern check the record; %s does not come from it", c.name)
	}
}

// mapping returns the values of a YAML mapping by key, and complains of keys
// that are not known or given twice. It returns nil for anything else.
func (p *parser) mapping(node *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if node.Kind != yaml.MappingNode {
		p.fail(node, "write it as `key: value` pairs with the keys "+strings.Join(known, ", "), "%s must be a mapping", what)
		return nil
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if !slices.Contains(known, key.Value) {
			hint := "the keys are " + strings.Join(known, ", ")
			if name, ok := near(key.Value, known); ok {
				hint = "did you mean " + name + "?"
			}
			p.fail(key, hint, "%s has no key %q", what, key.Value)
			continue
		}
		if _, twice := fields[key.Value]; twice {
			p.fail(key, "", "%s is given twice", key.Value)
		}
		fields[key.Value] = value
	}
	fields[""] = node
	return fields
}

// required returns a value that must be there.
func (p *parser) required(fields map[string]*yaml.Node, key string) *yaml.Node {
	node, ok := fields[key]
	if !ok || node.Tag == "!!null" {
		p.fail(fields[""], "add `"+key+": …`", "%s is missing", key)
		return nil
	}
	return node
}

func (p *parser) text(fields map[string]*yaml.Node, key string) string {
	node, ok := fields[key]
	if !ok {
		return ""
	}
	if node.Kind != yaml.ScalarNode {
		p.fail(node, "", "%s must be a text", key)
		return ""
	}
	return node.Value
}

// plain is a name that every warehouse takes and folds alike.
var plain = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

const plainHint = "use lower case letters, digits and _, at most 63, a letter first"

func (p *parser) name(fields map[string]*yaml.Node, key string) string {
	node := p.required(fields, key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode || !plain.MatchString(node.Value) {
		p.fail(node, plainHint, "%q is no name for a %s", node.Value, key)
	}
	return node.Value
}

func (p *parser) names(node *yaml.Node) []string {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		p.fail(node, "write `key: [nct_id]`", "key must be a list of columns")
		return nil
	}
	names := make([]string, len(node.Content))
	for i, item := range node.Content {
		names[i] = item.Value
	}
	return names
}

func (p *parser) pattern(fields map[string]*yaml.Node) string {
	pattern := p.text(fields, "pattern")
	if _, err := regexp.Compile(pattern); err != nil {
		p.fail(fields["pattern"], "the syntax is RE2's", "%q is no pattern: %s", pattern, err)
	}
	return pattern
}

// step is one key of a path. JSON allows any text; the registry's keys and
// this package's SQL keep to these.
var step = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *parser) path(node *yaml.Node) path {
	if node.Kind != yaml.ScalarNode {
		p.fail(node, "write `path: a.b.c`", "a path must be a text")
		return path{}
	}
	if node.Value == "." {
		return path{}
	}
	text, list := strings.CutSuffix(node.Value, "[]")
	out := path{steps: strings.Split(text, "."), list: list}
	for _, s := range out.steps {
		if !step.MatchString(s) {
			p.fail(node, "write keys joined by dots, `a.b.c`, and [] at the end of a list, `a.b[]`", "%q is no path", node.Value)
			return path{}
		}
	}
	return out
}
