package flatten

import (
	"strings"

	"apotheca/internal/schema"
)

// Quarantine is the name of the table of rejected records. It is made for
// every mapping; none may declare it.
const Quarantine = "quarantine"

// Ordinal is the column that counts the rows of a record in a table that can
// have several, from 1.
const Ordinal = "ordinal"

// Spec is a mapping that was read without a mistake.
type Spec struct {
	record   string // what one record is called: "study"
	identity identity
	tables   []table
}

// identity is the record's own name, carried by every table.
type identity struct {
	column  string
	path    path
	pattern string
}

// table is one staging table. It has one row per record when it has no parts,
// else one per element of its parts, in their order.
type table struct {
	name    string
	grain   string
	key     []string
	parts   []part
	columns []column
}

// part is one place in the record whose elements become rows: a list, or an
// object that is the only element.
type part struct {
	path path
	set  map[string]string // constant columns of the rows of this part
}

// column takes its value from exactly one of path, set and lake.
type column struct {
	name        string
	typ         schema.Type
	path        path
	set         string // name of a constant given by the part
	lake        string // name of a column of the lake
	join        string // puts between the elements when path is a list
	required    bool
	pattern     string
	description string
}

func (c column) fromRecord() bool { return c.set == "" && c.lake == "" }

// path is a place in a JSON document, from its root or from an element.
type path struct {
	steps []string // none: the element itself
	list  bool     // the place holds a list: written with [] at its end
}

func (p path) String() string {
	text := strings.Join(p.steps, ".")
	if text == "" {
		text = "."
	}
	if p.list {
		text += "[]"
	}
	return text
}

// child is the place of a path that is given from an element of p.
func (p path) child(of path) string {
	if len(of.steps) == 0 {
		return p.String()
	}
	return p.String() + "." + of.String()
}

// root is the table with one row per record.
func (s *Spec) root() table {
	for _, t := range s.tables {
		if len(t.parts) == 0 {
			return t
		}
	}
	panic("flatten: a mapping without a root table was accepted")
}

// Root is the name of the table that has one row per record.
func (s *Spec) Root() string { return s.root().name }

// Identity is the name of the column that every table carries.
func (s *Spec) Identity() string { return s.identity.column }

// Tables are the tables the mapping makes, in its order, quarantine last.
func (s *Spec) Tables() []schema.Table {
	tables := make([]schema.Table, 0, len(s.tables)+1)
	for _, t := range s.tables {
		out := schema.Table{Name: t.name, Key: t.key, Description: t.grain}
		out.Columns = append(out.Columns, schema.Column{
			Name: s.identity.column, Type: schema.Text,
			Description: "identity of the " + s.record,
		})
		if len(t.parts) > 0 {
			out.Columns = append(out.Columns, schema.Column{
				Name: Ordinal, Type: schema.Integer,
				Description: "position among the rows of the " + s.record + ", from 1",
			})
		}
		for _, c := range t.columns {
			out.Columns = append(out.Columns, schema.Column{
				Name: c.name, Type: c.typ, Nullable: !c.required && c.set == "", Description: c.description,
			})
		}
		tables = append(tables, out)
	}
	return append(tables, s.quarantine())
}

func (s *Spec) quarantine() schema.Table {
	return schema.Table{
		Name:        Quarantine,
		Description: "one row per rejected record",
		Key:         []string{"extract_id", "page", "position"},
		Columns: []schema.Column{
			{Name: "extract_id", Type: schema.Text, Description: "the extract that holds the record"},
			{Name: "page", Type: schema.Integer, Description: "page of the extract"},
			{Name: "position", Type: schema.Integer, Description: "position on the page"},
			{Name: s.identity.column, Type: schema.Text, Nullable: true, Description: "identity, where it could be read"},
			{Name: "reason", Type: schema.Text, Description: "the first place that does not hold what the mapping wants, and what was found"},
			{Name: "record", Type: schema.Text, Nullable: true, Description: "the record as it came"},
		},
	}
}

// Origin is where the values of one column come from.
type Origin struct {
	Table  string
	Column string
	// Paths are places in the record, one per part of the table: for example
	// protocolSection.designModule.phases[]. None for a constant, an ordinal
	// or a column of the lake.
	Paths []string
	// Lake is the lake's column, or empty.
	Lake string
}

// Lineage lists the origin of every column, in the order of Tables, without
// the quarantine.
func (s *Spec) Lineage() []Origin {
	var origins []Origin
	for _, t := range s.tables {
		origins = append(origins, Origin{Table: t.name, Column: s.identity.column, Paths: []string{s.identity.path.String()}})
		if len(t.parts) > 0 {
			origins = append(origins, Origin{Table: t.name, Column: Ordinal})
		}
		for _, c := range t.columns {
			origin := Origin{Table: t.name, Column: c.name, Lake: c.lake}
			switch {
			case !c.fromRecord():
			case len(t.parts) == 0:
				origin.Paths = []string{c.path.String()}
			default:
				for _, p := range t.parts {
					origin.Paths = append(origin.Paths, p.path.child(c.path))
				}
			}
			origins = append(origins, origin)
		}
	}
	return origins
}
