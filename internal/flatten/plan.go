package flatten

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"apotheca/internal/schema"
)

// plan is a mapping as the flattener walks it: the tree of the places it reads
// in a record, and what becomes of them.
type plan struct {
	record   document
	identity reading
	tables   []tablePlan
	root     int // the table with one row per record
}

// tablePlan makes the rows of one table.
type tablePlan struct {
	width   int
	columns []columnPlan // behind the identity and the ordinal
	parts   []partPlan
}

type partPlan struct {
	slot      int    // of the part in the record
	list      bool   // else an object that is the only element
	place     string // without []
	constants []any  // by column; nil where the element gives the value
	element   document
}

// columnPlan takes a column's value from one of three.
type columnPlan struct {
	reading *reading
	lake    string
	set     string
}

// document is a JSON text of which certain places are read: a record, or an
// element of a part.
type document struct {
	tree   *node
	slots  int
	checks []check
}

// node is a place on the way to those that are read.
type node struct {
	slot     int
	keys     []string
	children []*node
}

// kind is what must stand at a place.
type kind string

const (
	kindObject  kind = "an object"
	kindList    kind = "a list"
	kindText    kind = "text"
	kindInteger kind = "a 64-bit integer"
	kindDouble  kind = "a number"
	kindBoolean kind = "true or false"
)

// check compares the kind of a place.
type check struct {
	slot  int
	kind  kind
	place string
	top   bool // the document itself: null is no absence there
}

// reading makes a value of a place.
type reading struct {
	slot     int
	kind     kind
	place    string
	join     string
	required bool
	pattern  *regexp.Regexp
}

func kindOf(c column) kind {
	if c.path.list {
		return kindList
	}
	switch c.typ {
	case schema.Integer:
		return kindInteger
	case schema.Double:
		return kindDouble
	case schema.Boolean:
		return kindBoolean
	default:
		return kindText
	}
}

// plan compiles the mapping. The order of the checks is that of the mapping:
// the first that fails is the reason a record is rejected for.
func (s *Spec) plan() *plan {
	p := &plan{record: newDocument()}
	p.record.expect(nil, kindObject)
	p.identity = p.record.read(column{typ: schema.Text, path: s.identity.path, required: true, pattern: s.identity.pattern})
	for i, t := range s.tables {
		table := tablePlan{width: 1 + len(t.columns)}
		for _, part := range t.parts {
			k := kindObject
			if part.path.list {
				k = kindList
			}
			table.parts = append(table.parts, partPlan{
				slot: p.record.reach(part.path, k), list: part.path.list,
				place: strings.Join(part.path.steps, "."),
			})
		}
		if len(t.parts) == 0 {
			p.root = i
			table.columns = p.record.columns(t)
		} else {
			table.width++
			for j := range table.parts {
				element := newDocument()
				table.columns = element.columns(t)
				table.parts[j].element = element
				table.parts[j].constants = constants(t, t.parts[j])
			}
		}
		p.tables = append(p.tables, table)
	}
	return p
}

// constants are boxed once, not once per row.
func constants(t table, p part) []any {
	values := make([]any, len(t.columns))
	for i, c := range t.columns {
		if c.set != "" {
			values[i] = p.set[c.set]
		}
	}
	return values
}

func newDocument() document {
	return document{tree: &node{}, slots: 1}
}

// columns adds the columns of a table. The elements of a table are objects,
// unless it reads the element itself.
func (d *document) columns(t table) []columnPlan {
	plans := make([]columnPlan, len(t.columns))
	self := slices.ContainsFunc(t.columns, func(c column) bool { return c.fromRecord() && len(c.path.steps) == 0 })
	if !self {
		d.expect(nil, kindObject)
	}
	for i, c := range t.columns {
		plans[i] = columnPlan{lake: c.lake, set: c.set}
		if c.fromRecord() {
			r := d.read(c)
			plans[i].reading = &r
		}
	}
	return plans
}

// read adds a column and what is checked of it.
func (d *document) read(c column) reading {
	r := reading{
		slot: d.reach(c.path, kindOf(c)), kind: kindOf(c), place: strings.Join(c.path.steps, "."),
		join: c.join, required: c.required,
	}
	if c.pattern != "" {
		r.pattern = regexp.MustCompile(c.pattern) // the parser has compiled it
	}
	return r
}

// reach adds the objects on the way to a place and then the place.
func (d *document) reach(p path, k kind) int {
	for i := 1; i < len(p.steps); i++ {
		d.expect(p.steps[:i], kindObject)
	}
	return d.expect(p.steps, k)
}

// expect adds a place to be compared, once, and gives its slot.
func (d *document) expect(steps []string, k kind) int {
	n := d.tree
	for _, step := range steps {
		i := slices.Index(n.keys, step)
		if i < 0 {
			i = len(n.keys)
			n.keys = append(n.keys, step)
			n.children = append(n.children, &node{slot: d.slots})
			d.slots++
		}
		n = n.children[i]
	}
	c := check{slot: n.slot, kind: k, place: strings.Join(steps, "."), top: len(steps) == 0}
	if !slices.Contains(d.checks, c) {
		d.checks = append(d.checks, c)
	}
	return n.slot
}

// lakeColumns are the columns a mapping may take from the lake, and their
// types there.
func lakeColumns() map[string]schema.Type {
	return map[string]schema.Type{
		"content_hash":          schema.Text,
		"last_update_post_date": schema.Text,
		"page":                  schema.Integer,
		"position":              schema.Integer,
		"fetched_at":            schema.Timestamp,
	}
}

func lakeColumnNames() []string { return slices.Sorted(maps.Keys(lakeColumns())) }
