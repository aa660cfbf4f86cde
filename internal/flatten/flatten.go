package flatten

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// Record is one record of the lake.
type Record struct {
	Identity           string // empty when the lake found none
	Page, Position     int64
	Problem            string // why the lake takes it for no record, or empty
	ContentHash        string
	LastUpdatePostDate string
	FetchedAt          time.Time
	Body               []byte
}

// Flattener turns records into rows. One goroutine uses it at a time.
type Flattener struct {
	spec      *Spec
	plan      *plan
	extractID any
	record    []value // slots of the record
	element   []value // slots of an element
	scratch   []byte
}

// Flattener compiles the mapping. The extract's id names it in the quarantine.
func (s *Spec) Flattener(extractID string) *Flattener {
	return &Flattener{spec: s, plan: s.plan(), extractID: extractID}
}

// Flatten adds the rows of a record to a batch: those of the tables, or one of
// the quarantine. It keeps nothing of the record's body.
func (f *Flattener) Flatten(r *Record, to *Batch) {
	marks := to.marks()
	reason := f.rows(r, to)
	if reason == "" {
		return
	}
	to.rollback(marks)
	var identity any
	if r.Identity != "" {
		identity = r.Identity
	}
	to.add(len(f.plan.tables), f.extractID, r.Page, r.Position, identity, reason, storable(r.Body))
}

// rows gives the reason of a rejection, or nothing. Then there are rows, which
// must go, too.
func (f *Flattener) rows(r *Record, to *Batch) (reason string) {
	if r.Problem != "" {
		return r.Problem
	}
	f.record = slots(f.record, &f.plan.record)
	if !utf8.Valid(r.Body) || !f.plan.record.scan(r.Body, f.record) {
		return "the " + f.spec.record + ": wants JSON, found text that does not parse"
	}
	at := place{} // of the record
	if reason := f.plan.record.mismatch(r.Body, f.record, at); reason != "" {
		return reason
	}
	identity, reason := f.root(r, to)
	if reason != "" {
		return reason
	}
	for i := range f.plan.tables {
		ordinal := int64(0)
		for j := range f.plan.tables[i].parts {
			if reason := f.part(r.Body, i, j, identity, &ordinal, to); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// root adds the row of the record itself.
func (f *Flattener) root(r *Record, to *Batch) (identity any, reason string) {
	values := reader{body: r.Body, slots: f.record, scratch: &f.scratch, batch: to}
	identity = values.read(&f.plan.identity)
	if values.problem == "" && identity != r.Identity {
		values.problem = f.plan.identity.place + ": is not the identity that the lake has"
	}
	to.put(f.plan.root, identity)
	columns := f.plan.tables[f.plan.root].columns
	for i := range columns {
		if columns[i].reading == nil {
			to.put(f.plan.root, r.column(columns[i].lake))
			continue
		}
		to.put(f.plan.root, values.read(columns[i].reading))
	}
	return identity, values.reason()
}

// column is a value of the lake. What the lake does not have is empty there.
func (r *Record) column(name string) any {
	text := ""
	switch name {
	case "page":
		return r.Page
	case "position":
		return r.Position
	case "fetched_at":
		return r.FetchedAt
	case "content_hash":
		text = r.ContentHash
	case "last_update_post_date":
		text = r.LastUpdatePostDate
	}
	if text == "" {
		return nil
	}
	return text
}

// part adds the rows of one part of a table.
func (f *Flattener) part(body []byte, table, number int, identity any, ordinal *int64, to *Batch) (reason string) {
	part := &f.plan.tables[table].parts[number]
	whole := f.record[part.slot]
	at := place{prefix: part.place, index: -1}
	f.element = slots(f.element, &part.element)
	switch {
	case whole.found == absent || whole.found == foundNull:
		return ""
	case !part.list:
		part.element.scanAt(body, whole.start, f.element)
		return f.row(body, table, part, at, identity, ordinal, to)
	}
	i := skipSpace(body, whole.start+1)
	if body[i] == ']' {
		return ""
	}
	for more := true; more; {
		at.index++
		clear(f.element)
		i = part.element.scanAt(body, i, f.element)
		if reason := f.row(body, table, part, at, identity, ordinal, to); reason != "" {
			return reason
		}
		i, more = next(body, i, ']')
	}
	return ""
}

// row adds the row of one element.
func (f *Flattener) row(body []byte, table int, part *partPlan, at place, identity any, ordinal *int64, to *Batch) (reason string) {
	if f.element[0].empty && part.element.checks[0].kind == kindObject {
		return ""
	}
	if reason := part.element.mismatch(body, f.element, at); reason != "" {
		return reason
	}
	*ordinal++
	to.put(table, identity)
	to.put(table, *ordinal)
	values := reader{body: body, slots: f.element, at: at, scratch: &f.scratch, batch: to}
	columns := f.plan.tables[table].columns
	for i := range columns {
		if columns[i].set != "" {
			to.put(table, part.constants[i])
			continue
		}
		// The parts of a table name the same places, and so the same slots.
		to.put(table, values.read(columns[i].reading))
	}
	return values.reason()
}

// slots gives room for the places of a document, all absent.
func slots(room []value, d *document) []value {
	if cap(room) < d.slots {
		return make([]value, d.slots)
	}
	room = room[:d.slots]
	clear(room)
	return room
}

// place writes where in the record something stands.
type place struct {
	prefix string // of the part, empty for the record
	index  int    // of the element, -1 for an object
}

func (p place) of(inside string) string {
	switch {
	case p.prefix == "" && inside == "":
		return "the record"
	case p.prefix == "":
		return inside
	}
	text := p.prefix
	if p.index >= 0 {
		text += "[" + strconv.Itoa(p.index) + "]"
	}
	if inside != "" {
		text += "." + inside
	}
	return text
}

// mismatch says which place holds the wrong kind, the first by the mapping.
func (d *document) mismatch(body []byte, slots []value, at place) string {
	for i := range d.checks {
		c := &d.checks[i]
		v := &slots[c.slot]
		if v.is(c.kind, body) || !c.top && (v.found == absent || v.found == foundNull) {
			continue
		}
		return fmt.Sprintf("%s: wants %s, found %s", at.of(c.place), c.kind, v.words(body))
	}
	return ""
}

func (v *value) is(k kind, body []byte) bool {
	switch k {
	case kindObject:
		return v.found == foundObject
	case kindList:
		return v.found == foundList
	case kindText:
		return v.found == foundText
	case kindBoolean:
		return v.found == foundBoolean
	case kindDouble:
		return v.found == foundNumber
	default:
		if v.found != foundNumber {
			return false
		}
		_, _, ok := integer(body[v.start:v.end])
		return ok
	}
}

func (v *value) words(body []byte) string {
	switch v.found {
	case foundText:
		return "a string"
	case foundObject:
		return "an object"
	case foundList:
		return "a list"
	case foundBoolean:
		return "a boolean"
	case foundNumber:
		if _, _, ok := integer(body[v.start:v.end]); !ok {
			return "a floating-point number"
		}
		return "a number"
	default:
		return "null"
	}
}
