package flatten

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/schema"
	"apotheca/internal/strictyaml"
)

// check compares what each part of the mapping says with the other parts. It
// runs only when every part was read.
func (p *parser) check(spec *Spec) {
	roots := 0
	seen := map[string]bool{Quarantine: true}
	for i, t := range spec.tables {
		at := p.tables[i]
		if t.name == Quarantine {
			p.Fail(at, "choose another name", "the table quarantine is made for every mapping")
		} else if seen[t.name] {
			p.Fail(at, "choose another name", "the table %s is declared twice", t.name)
		}
		seen[t.name] = true
		if len(t.parts) == 0 {
			roots++
		}
		p.checkColumns(spec, i)
		p.checkKey(spec, i)
		p.checkConstants(i, t)
	}
	if roots != 1 {
		p.Fail(nil, "give one table `each: "+spec.record+"`", "a mapping has one table with a row per %s, this one has %d", spec.record, roots)
	}
	if len(p.Problems) == 0 {
		p.checkPlaces(spec)
	}
}

func (p *parser) checkColumns(spec *Spec, table int) {
	t := spec.tables[table]
	names := map[string]bool{spec.identity.column: true}
	if len(t.parts) > 0 {
		names[Ordinal] = true
	}
	self := slices.ContainsFunc(t.columns, func(c column) bool { return c.fromRecord() && len(c.path.steps) == 0 })
	for i, c := range t.columns {
		at := p.columns[table][i]
		if names[c.name] {
			p.Fail(at, "choose another name", "%s has two columns %s", t.name, c.name)
		}
		names[c.name] = true
		switch {
		case c.lake != "":
			p.checkLake(at, t, c)
		case c.set != "":
			if len(t.parts) == 0 || c.typ != schema.Text {
				p.Fail(at, "", "set is for text columns of tables with a list under each")
			}
		case !slices.Contains([]schema.Type{schema.Text, schema.Integer, schema.Double, schema.Boolean}, c.typ):
			p.Fail(at, "take it as text and convert it in a model", "a value of the record is text, integer, double or boolean, not %s", c.typ)
		case c.path.list && c.typ != schema.Text:
			p.Fail(at, "write `type: text`", "joined lists are text, not %s", c.typ)
		case len(c.path.steps) == 0 && len(t.parts) == 0:
			p.Fail(at, "name a place, `path: a.b`", "the %s itself is no value", spec.record)
		case self && len(c.path.steps) > 0:
			p.Fail(at, "", "%s reads the element itself elsewhere (`path: .`); then it has nothing inside", t.name)
		}
	}
}

func (p *parser) checkLake(at *yaml.Node, t table, c column) {
	known := lakeColumns()
	typ, ok := known[c.lake]
	if !ok {
		names := lakeColumnNames()
		hint := "the lake has " + strings.Join(names, ", ")
		if name, ok := strictyaml.Near(c.lake, names); ok {
			hint = "did you mean " + name + "?"
		}
		p.Fail(at, hint, "the lake has no column %q", c.lake)
		return
	}
	if typ != c.typ {
		p.Fail(at, "write `type: "+string(typ)+"`", "%s is %s in the lake, not %s", c.lake, typ, c.typ)
	}
	if len(t.parts) > 0 {
		p.Fail(at, "move it to the table with one row per record", "lake columns describe the whole record")
	}
}

func (p *parser) checkKey(spec *Spec, table int) {
	t := spec.tables[table]
	known := []string{spec.identity.column}
	if len(t.parts) > 0 {
		known = append(known, Ordinal)
	}
	for _, c := range t.columns {
		known = append(known, c.name)
	}
	for _, k := range t.key {
		if slices.Contains(known, k) {
			continue
		}
		hint := ""
		if name, ok := strictyaml.Near(k, known); ok {
			hint = "did you mean " + name + "?"
		}
		p.Fail(p.tables[table], hint, "the key of %s names %q, which is no column of it", t.name, k)
	}
}

// checkConstants holds the constants of the parts against the columns that
// show them.
func (p *parser) checkConstants(table int, t table) {
	var shown []string
	for i, c := range t.columns {
		if c.set == "" {
			continue
		}
		shown = append(shown, c.set)
		for _, part := range t.parts {
			if _, ok := part.set[c.set]; !ok {
				p.Fail(p.columns[table][i], "add `set: {"+c.set+": …}` to it", "the place %s does not set %s", part.path, c.set)
			}
		}
	}
	for _, part := range t.parts {
		for name := range part.set {
			if !slices.Contains(shown, name) {
				p.Fail(p.tables[table], "add `- {name: "+name+", set: "+name+", type: text}`", "%s sets %s, but no column shows it", t.name, name)
			}
		}
	}
}

// checkPlaces refuses paths that cannot hold at once: one place read as two
// things, or keys that differ only in case, which are a mistyped one.
func (p *parser) checkPlaces(spec *Spec) {
	places := map[string]string{}
	folded := map[string]string{}
	note := func(at *yaml.Node, place, use string) {
		if old, ok := places[place]; ok && old != use {
			p.Fail(at, "", "%s is read as %s and as %s", place, old, use)
		}
		places[place] = use
		fold := strings.ToLower(place)
		if old, ok := folded[fold]; ok && old != place {
			p.Fail(at, "", "the places %s and %s differ only in case", old, place)
		}
		folded[fold] = place
	}
	walk := func(at *yaml.Node, prefix string, of path, use string) {
		for i := range of.steps {
			place := prefix + strings.Join(of.steps[:i+1], ".")
			if i+1 < len(of.steps) {
				note(at, place, "object")
			} else {
				note(at, place, use)
			}
		}
	}
	use := func(c column) string {
		if c.path.list {
			return "list of text"
		}
		return string(c.typ)
	}
	for i, t := range spec.tables {
		for _, part := range t.parts {
			walk(p.tables[i], "", part.path, "rows of "+t.name)
		}
		for j, c := range t.columns {
			switch {
			case !c.fromRecord():
			case len(t.parts) == 0:
				walk(p.columns[i][j], "", c.path, use(c))
			default:
				for _, part := range t.parts {
					walk(p.columns[i][j], part.path.String()+".", c.path, use(c))
				}
			}
		}
	}
	walk(nil, "", spec.identity.path, "text")
}
