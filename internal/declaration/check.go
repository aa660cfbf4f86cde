package declaration

import (
	"slices"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/schema"
	"apotheca/internal/strictyaml"
)

// reservedTables are those that a load makes by itself. Its columns begin with
// an underscore, as no declared one does.
var reservedTables = []string{"quarantine", "loaded_extract", "loaded_table"}

// check compares the tables with one another. It runs only when every part was
// read.
func (p *parser) check(out *Pipeline) {
	for i := range out.Tables {
		t := &out.Tables[i]
		if slices.Contains(reservedTables, t.Name) {
			p.Fail(p.tables[i], "choose another name", "the load makes a table %s by itself", t.Name)
		}
		if slices.ContainsFunc(out.Tables[:i], func(o Table) bool { return o.Name == t.Name }) {
			p.Fail(p.tables[i], "choose another name", "the table %s is declared twice", t.Name)
		}
		p.checkColumns(i, t)
		p.checkKey(i, t)
		p.checkWatermark(out, i, t)
		p.checkReferences(out, i, t)
	}
}

// HasWatermark reports whether any table can tell what is new.
func (p *Pipeline) HasWatermark() bool {
	return slices.ContainsFunc(p.Tables, func(t Table) bool { return t.Watermark != "" })
}

// checkColumns holds the names apart, those of the files and those of offsets
// among them.
func (p *parser) checkColumns(table int, t *Table) {
	var names, headers []string
	take := func(column int, name string) {
		if slices.Contains(names, name) {
			p.Fail(p.columns[table][column], "choose another name", "%s has two columns %s", t.Name, name)
		}
		names = append(names, name)
	}
	for i, c := range t.Columns {
		take(i, c.Name)
		if c.Offset != "" {
			if !plain().MatchString(c.Offset) {
				p.Fail(p.columns[table][i], plainHint, "%q is no name of a column", c.Offset)
			}
			take(i, c.Offset)
		}
		header := strings.ToLower(c.Header)
		if header == "" {
			header = strings.ToLower(c.Name)
		}
		if slices.Contains(headers, header) {
			p.Fail(p.columns[table][i], "", "two columns of %s are read from %s", t.Name, header)
		}
		headers = append(headers, header)
	}
}

func (p *parser) checkKey(table int, t *Table) {
	for i, key := range t.Key {
		c, found := t.column(key)
		switch {
		case !found:
			p.Fail(p.tables[table], t.near(key), "the key of %s names %q, which is no column of it", t.Name, key)
		case !c.Required:
			p.Fail(p.tables[table], "write `required: true` at the column", "%s.%s is of the key, and may be empty", t.Name, key)
		case slices.Contains(t.Key[:i], key):
			p.Fail(p.tables[table], "", "the key of %s names %s twice", t.Name, key)
		}
	}
}

func (p *parser) checkWatermark(out *Pipeline, table int, t *Table) {
	if t.Watermark == "" {
		return
	}
	c, found := t.column(t.Watermark)
	switch {
	case !found:
		p.Fail(p.tables[table], t.near(t.Watermark), "the watermark of %s names %q, which is no column of it", t.Name, t.Watermark)
	case !slices.Contains([]schema.Type{schema.Timestamp, schema.Date, schema.Integer}, c.Type) || !c.Required:
		p.Fail(p.tables[table], "a watermark grows with every change of a row", "%s.%s is no required timestamp, date or integer", t.Name, t.Watermark)
	case len(t.Key) == 0:
		p.Fail(p.tables[table], "write `key: [id]`", "a table with a watermark needs a key")
	}
}

func (p *parser) checkReferences(out *Pipeline, table int, t *Table) {
	for i, c := range t.Columns {
		to := c.References
		if to == (csvfile.Reference{}) {
			continue
		}
		at := p.columns[table][i]
		n := slices.IndexFunc(out.Tables, func(o Table) bool { return o.Name == to.Table })
		switch {
		case n < 0:
			p.Fail(at, "", "%s references table %q, which is not declared", c.Name, to.Table)
		case n >= table:
			p.Fail(at, "declare "+to.Table+" before "+t.Name, "%s references a table that is declared behind it", c.Name)
		case !slices.Equal(out.Tables[n].Key, []string{to.Column}):
			p.Fail(at, "write `key: ["+to.Column+"]` at "+to.Table, "%s.%s is not the key of %s", to.Table, to.Column, to.Table)
		default:
			if other, _ := out.Tables[n].column(to.Column); other.Type != c.Type {
				p.Fail(at, "", "%s is %s, and %s.%s is %s", c.Name, c.Type, to.Table, to.Column, other.Type)
			}
		}
	}
}

func (t *Table) column(name string) (csvfile.Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c csvfile.Column) bool { return c.Name == name })
	if i < 0 {
		return csvfile.Column{}, false
	}
	return t.Columns[i], true
}

// near is a hint of the column that may have been meant.
func (t *Table) near(name string) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	if meant, ok := strictyaml.Near(name, names); ok {
		return "did you mean " + meant + "?"
	}
	return "its columns are " + strings.Join(names, ", ")
}
