package flatten

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/schema"
	"apotheca/internal/strictyaml"
)

// Problems are all mistakes of a mapping.
type Problems = strictyaml.Problems

// ParseSpec reads a mapping. The file name is for messages only. An error is
// of type Problems and names every mistake with its place.
func ParseSpec(file string, text []byte) (*Spec, error) {
	p := &parser{Reader: strictyaml.Reader{File: file}}
	spec := p.spec(text)
	if len(p.Problems) == 0 {
		p.check(spec)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return spec, nil
}

type parser struct {
	strictyaml.Reader
	tables  []*yaml.Node   // where each table stands
	columns [][]*yaml.Node // where each column of each table stands
}

func (p *parser) spec(text []byte) *Spec {
	root := p.Document(text, "the mapping is empty", "start with `record: study`")
	if root == nil {
		return nil
	}
	fields := p.Mapping(root, "the mapping", "record", "identity", "tables")
	if fields == nil {
		return nil
	}
	spec := &Spec{record: p.name(fields, "record")}
	if node := p.Required(fields, "identity"); node != nil {
		spec.identity = p.identity(node)
	}
	if node := p.Required(fields, "tables"); node != nil {
		if node.Kind != yaml.SequenceNode {
			p.Fail(node, "write `- name: studies` below `tables:`", "tables must be a list")
			return spec
		}
		for _, item := range node.Content {
			spec.tables = append(spec.tables, p.table(item, spec.record))
		}
	}
	return spec
}

func (p *parser) identity(node *yaml.Node) identity {
	fields := p.Mapping(node, "identity", "column", "path", "pattern")
	if fields == nil {
		return identity{}
	}
	id := identity{column: p.name(fields, "column")}
	if at := p.Required(fields, "path"); at != nil {
		id.path = p.path(at)
		if id.path.list || len(id.path.steps) == 0 {
			p.Fail(at, "", "the identity must be one value of the record")
		}
	}
	id.pattern = p.pattern(fields)
	return id
}

func (p *parser) table(node *yaml.Node, record string) table {
	p.tables = append(p.tables, node)
	p.columns = append(p.columns, nil)
	fields := p.Mapping(node, "a table", "name", "each", "grain", "key", "columns")
	if fields == nil {
		return table{}
	}
	t := table{name: p.name(fields, "name"), grain: p.Text(fields, "grain")}
	if at := p.Required(fields, "each"); at != nil {
		t.parts = p.parts(at, record)
	}
	if at := p.Required(fields, "key"); at != nil {
		t.key = p.names(at)
	}
	at := p.Required(fields, "columns")
	if at == nil {
		return t
	}
	if at.Kind != yaml.SequenceNode {
		p.Fail(at, "write `- {name: …, path: …, type: text}` below `columns:`", "columns must be a list")
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
		p.Fail(node, hint, "each must be %q or a list of places", record)
		return []part{{}}
	}
	var parts []part
	for _, item := range node.Content {
		var one part
		if fields := p.Mapping(item, "a place under each", "path", "set"); fields != nil {
			if at := p.Required(fields, "path"); at != nil {
				one.path = p.path(at)
				if len(one.path.steps) == 0 {
					p.Fail(at, hint, "a place under each must be inside the record")
				}
			}
			if at := fields.Get("set"); at != nil {
				one.set = p.constants(at)
			}
		}
		parts = append(parts, one)
	}
	return parts
}

func (p *parser) constants(node *yaml.Node) map[string]string {
	if node.Kind != yaml.MappingNode {
		p.Fail(node, "write `set: {role: lead}`", "set must give constants by name")
		return nil
	}
	constants := map[string]string{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			p.Fail(value, "", "the constant %s must be a text", key.Value)
			continue
		}
		if _, twice := constants[key.Value]; twice {
			p.Fail(key, "", "the constant %s is given twice", key.Value)
		}
		constants[key.Value] = value.Value
	}
	return constants
}

func (p *parser) column(node *yaml.Node) column {
	fields := p.Mapping(node, "a column", "name", "type", "path", "set", "lake", "join", "required", "pattern", "description")
	if fields == nil {
		return column{}
	}
	c := column{name: p.name(fields, "name"), description: p.Text(fields, "description"), pattern: p.pattern(fields)}
	if at := p.Required(fields, "type"); at != nil {
		typ, err := schema.ParseType(at.Value)
		if err != nil {
			hint := "write one of text, integer, double, boolean"
			p.Fail(at, hint, "%q is no type", at.Value)
		}
		c.typ = typ
	}
	var sources []string
	for _, source := range []string{"path", "set", "lake"} {
		if fields.Get(source) != nil {
			sources = append(sources, source)
		}
	}
	if len(sources) != 1 {
		p.Fail(node, "give the column one of `path: …`, `set: …` or `lake: …`", "a column takes its value from one place, this one from %d", len(sources))
		return c
	}
	if at := fields.Get("path"); at != nil {
		c.path = p.path(at)
	}
	c.set, c.lake = p.Text(fields, "set"), p.Text(fields, "lake")
	p.options(&c, fields)
	return c
}

// options reads what says more of a column than its name, type and source.
func (p *parser) options(c *column, fields *strictyaml.Fields) {
	c.required = p.Bool(fields, "required")
	at := fields.Get("join")
	joined := at != nil
	c.join = p.Text(fields, "join")
	switch {
	case joined && !c.path.list:
		p.Fail(at, "end the path with []", "join puts text between the elements of a list; this path is no list")
	case !joined && c.path.list:
		p.Fail(fields.Get("path"), "add `join: '/'`, or make the list a table of its own", "a column holds one value, this path is a list")
	}
	if !c.fromRecord() && (c.required || c.pattern != "") {
		p.Fail(fields.Get("name"), "", "required and pattern check the record; %s does not come from it", c.name)
	}
}

// plain is a name that every warehouse takes and folds alike. What uses no
// specification does not wait for it to be compiled.
var plain = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`) })

const plainHint = "use lower case letters, digits and _, at most 63, a letter first"

func (p *parser) name(fields *strictyaml.Fields, key string) string {
	node := p.Required(fields, key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode || !plain().MatchString(node.Value) {
		p.Fail(node, plainHint, "%q is no name for a %s", node.Value, key)
	}
	return node.Value
}

func (p *parser) names(node *yaml.Node) []string {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		p.Fail(node, "write `key: [nct_id]`", "key must be a list of columns")
		return nil
	}
	names := make([]string, len(node.Content))
	for i, item := range node.Content {
		names[i] = item.Value
	}
	return names
}

func (p *parser) pattern(fields *strictyaml.Fields) string {
	pattern := p.Text(fields, "pattern")
	if _, err := regexp.Compile(pattern); err != nil {
		p.Fail(fields.Get("pattern"), "the syntax is RE2's", "%q is no pattern: %s", pattern, err)
	}
	return pattern
}

// step is one key of a path. JSON allows any text; the registry's keys and
// this package's SQL keep to these.
var step = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *parser) path(node *yaml.Node) path {
	if node.Kind != yaml.ScalarNode {
		p.Fail(node, "write `path: a.b.c`", "a path must be a text")
		return path{}
	}
	if node.Value == "." {
		return path{}
	}
	text, list := strings.CutSuffix(node.Value, "[]")
	out := path{steps: strings.Split(text, "."), list: list}
	for _, s := range out.steps {
		if !step.MatchString(s) {
			p.Fail(node, "write keys joined by dots, `a.b.c`, and [] at the end of a list, `a.b[]`", "%q is no path", node.Value)
			return path{}
		}
	}
	return out
}
