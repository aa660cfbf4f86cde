package declaration

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/columnar"
	"apotheca/internal/csvfile"
	"apotheca/internal/schema"
	"apotheca/internal/strictyaml"
)

// Parse reads a declaration. The file name is for messages only. An error is
// of type strictyaml.Problems and names every mistake with its place.
func Parse(file string, text []byte) (*Pipeline, error) {
	p := &parser{Reader: strictyaml.Reader{File: file}}
	pipeline := p.pipeline(text)
	if len(p.Problems) == 0 {
		p.check(pipeline)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return pipeline, nil
}

type parser struct {
	strictyaml.Reader
	tables  []*yaml.Node   // where each table stands
	columns [][]*yaml.Node // where each column of each table stands
}

func (p *parser) pipeline(text []byte) *Pipeline {
	root := p.Document(text, "the declaration is empty", "start with `name: my-pipeline`")
	if root == nil {
		return nil
	}
	fields := p.Mapping(root, "the declaration", "name", "source", "schema", "mapping", "sample", "answer", "on_bad_row", "load", "tables")
	if fields == nil {
		return nil
	}
	out := &Pipeline{
		Name:    p.matching(fields, "name", pipelineName(), "use lower case letters, digits and -, a letter first"),
		Source:  Source(p.oneOf(fields, "source", string(CSV), string(Registry))),
		Schema:  p.matching(fields, "schema", plain(), plainHint),
		Mapping: p.Text(fields, "mapping"), Sample: p.oneOf(fields, "sample", "", "activity"),
		Answer: p.Text(fields, "answer"), OnBadRow: OnBadRow(p.oneOf(fields, "on_bad_row", string(Stop), string(Quarantine))),
		OnlyNew: p.oneOf(fields, "load", loadAll, loadNew) == loadNew,
	}
	p.Required(fields, "source")
	only := func(key string, source Source) {
		if at := fields.Get(key); at != nil && out.Source != source {
			p.Fail(at, "", "%s is for pipelines of source %s", key, source)
		}
	}
	for _, key := range []string{"tables", "on_bad_row", "load", "sample"} {
		only(key, CSV)
	}
	only("mapping", Registry)
	if out.Source == Registry {
		p.Required(fields, "mapping")
		return out
	}
	if at := p.Required(fields, "tables"); at != nil {
		for _, item := range p.list(at, "tables", "write `- name: steps` below `tables:`") {
			out.Tables = append(out.Tables, p.table(item))
		}
	}
	if at := fields.Get("load"); at != nil && out.OnlyNew && !out.HasWatermark() {
		p.Fail(at, watermarkHint, "no table has a watermark, and nothing tells what is new")
	}
	return out
}

const watermarkHint = "write `watermark: updated_at` at a table: the column that grows with every change of a row"

// What load: says.
const (
	loadAll = "all"
	loadNew = "new"
)

// What uses no declaration does not wait for these to be compiled.
var (
	pipelineName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`) })
	plain        = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`) })
)

const plainHint = "use lower case letters, digits and _, at most 63, a letter first"

func (p *parser) table(node *yaml.Node) Table {
	p.tables, p.columns = append(p.tables, node), append(p.columns, nil)
	fields := p.Mapping(node, "a table", "name", "file", "files", "delimiter", "grain", "key", "watermark", "columns")
	if fields == nil {
		return Table{}
	}
	t := Table{Table: csvfile.Table{
		Name: p.matching(fields, "name", plain(), plainHint), Grain: p.Text(fields, "grain"),
		Watermark: p.Text(fields, "watermark"), Delimiter: p.delimiter(fields),
	}}
	if at := fields.Get("key"); at != nil {
		t.Key = p.texts(at, "key", "write `key: [id]`")
	}
	if file := p.Text(fields, "file"); file != "" {
		t.Files = []string{file}
	}
	if at := fields.Get("files"); at != nil {
		if len(t.Files) > 0 {
			p.Fail(at, "", "a table has file or files, not both")
		}
		t.Files = p.texts(at, "files", "write `files: ['2024/*.csv']`")
	}
	if at := p.Required(fields, "columns"); at != nil {
		items := p.list(at, "columns", "write `- {name: id, type: integer}` below `columns:`")
		for _, item := range items {
			t.Columns = append(t.Columns, p.column(item))
		}
		p.columns[len(p.columns)-1] = items
	}
	return t
}

func (p *parser) column(node *yaml.Node) csvfile.Column {
	fields := p.Mapping(node, "a column", "name", "header", "type", "required", "pii", "offset", "utc", "references", "description")
	if fields == nil {
		return csvfile.Column{}
	}
	c := csvfile.Column{
		Name: p.matching(fields, "name", plain(), plainHint), Header: p.Text(fields, "header"),
		Required: p.Bool(fields, "required"), PII: p.Bool(fields, "pii"), UTC: p.Bool(fields, "utc"),
		Offset: p.Text(fields, "offset"), Note: p.Text(fields, "description"),
	}
	if at := p.Required(fields, "type"); at != nil {
		typ, err := schema.ParseType(at.Value)
		if err == nil {
			err = columnar.Check(typ)
		}
		if err != nil {
			p.Fail(at, "write one of integer, decimal(38,3), double, text, boolean, date, timestamp", "%q is no type", at.Value)
		}
		c.Type = typ
	}
	if c.Type != schema.Timestamp {
		for _, key := range []string{"offset", "utc"} {
			if at := fields.Get(key); at != nil {
				p.Fail(at, "", "%s is for columns of type timestamp", key)
			}
		}
	}
	if at := fields.Get("references"); at != nil {
		table, column, ok := strings.Cut(p.Text(fields, "references"), ".")
		if !ok {
			p.Fail(at, "write `references: patients.patient_id`", "references names a table and a column")
		}
		c.References = csvfile.Reference{Table: table, Column: column}
	}
	return c
}

func (p *parser) delimiter(fields *strictyaml.Fields) byte {
	text := p.Text(fields, "delimiter")
	switch {
	case text == "":
		return 0
	case text == "tab", text == "\t":
		return '\t'
	case len(text) == 1 && text[0] > ' ' && text[0] < 0x7f && !strings.Contains(`"'`, text) && !isWord(text[0]):
		return text[0]
	}
	p.Fail(fields.Get("delimiter"), "write `delimiter: ';'`, or tab", "%q cannot stand between fields", text)
	return 0
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.'
}

// oneOf is a value that must be one of these; the first where there is none.
func (p *parser) oneOf(fields *strictyaml.Fields, key string, allowed ...string) string {
	at := fields.Get(key)
	if at == nil {
		return allowed[0]
	}
	text := p.Text(fields, key)
	if text == "" || !slices.Contains(allowed, text) {
		shown := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
		p.Fail(at, "write "+strings.Join(shown, " or "), "%s cannot be %q", key, text)
		return allowed[0]
	}
	return text
}

func (p *parser) matching(fields *strictyaml.Fields, key string, pattern *regexp.Regexp, hint string) string {
	node := p.Required(fields, key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode || !pattern.MatchString(node.Value) {
		p.Fail(node, hint, "%q is no %s", node.Value, key)
	}
	return node.Value
}

func (p *parser) list(node *yaml.Node, what, hint string) []*yaml.Node {
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		p.Fail(node, hint, "%s must be a list", what)
		return nil
	}
	return node.Content
}

func (p *parser) texts(node *yaml.Node, what, hint string) []string {
	var texts []string
	for _, item := range p.list(node, what, hint) {
		if item.Kind != yaml.ScalarNode || item.Value == "" {
			p.Fail(item, hint, "%s is a list of texts", what)
		}
		texts = append(texts, item.Value)
	}
	return texts
}
