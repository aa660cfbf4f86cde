package flatten

import (
	"fmt"
	"strings"

	"apotheca/internal/schema"
)

// kind is what may stand at a place: a group of json_type's names.
type kind string

const (
	kindObject  kind = "an object"
	kindList    kind = "a list"
	kindText    kind = "text"
	kindInteger kind = "a 64-bit integer"
	kindDouble  kind = "a number"
	kindBoolean kind = "true or false"
)

// types are json_type's names of the kind.
func (k kind) types() string {
	switch k {
	case kindObject:
		return "'OBJECT'"
	case kindList:
		return "'ARRAY'"
	case kindText:
		return "'VARCHAR'"
	case kindInteger:
		return "'BIGINT', 'UBIGINT'"
	case kindDouble:
		return "'BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT'"
	case kindBoolean:
		return "'BOOLEAN'"
	}
	panic("flatten: no kind " + string(k))
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

// check is one place whose kind is compared, by its number in kinds.
type check struct {
	steps []string
	kind  kind
}

func (c check) wants() string { return string(c.kind) }

// values collects what is read from one JSON document, a record or an element
// of one: the shape that from_json reads and the checks that make its silence
// about mismatches safe.
type values struct {
	quote  func(string) string
	body   string // the SQL of the value that from_json gave
	prefix path   // where the document stands in the record
	shape  *shape
	checks []check
	index  map[string]int // number of a place in checks, from 1
	nul    []string       // branches for text with NUL characters
	extra  []string       // branches for values that json_type cannot judge
}

func newValues(quote func(string) string, body string) *values {
	return &values{quote: quote, body: body, shape: &shape{}, index: map[string]int{}}
}

// expect adds a place to be compared, once.
func (v *values) expect(steps []string, k kind, leaf string) {
	place := strings.Join(steps, ".")
	if _, ok := v.index[place]; ok {
		return
	}
	v.checks = append(v.checks, check{steps: steps, kind: k})
	v.index[place] = len(v.checks)
	if leaf != "" {
		v.shape.put(steps, leaf)
	}
}

// reach adds the objects on the way to a place and then the place.
func (v *values) reach(p path, k kind, leaf string) {
	for i := 1; i < len(p.steps); i++ {
		v.expect(p.steps[:i], kindObject, "")
	}
	v.expect(p.steps, k, leaf)
}

// addPart adds the elements of a list or object, as JSON.
func (v *values) addPart(p path) {
	if p.list {
		v.reach(p, kindList, `["JSON"]`)
		return
	}
	v.reach(p, kindObject, `"JSON"`)
}

// add adds a column and all that is checked of it.
func (v *values) add(c column) {
	leaf := map[schema.Type]string{
		schema.Text: `"VARCHAR"`, schema.Integer: `"BIGINT"`, schema.Double: `"DOUBLE"`, schema.Boolean: `"BOOLEAN"`,
	}[c.typ]
	if c.path.list {
		leaf = `["JSON"]`
	}
	v.reach(c.path, kindOf(c), leaf)
	field, number := v.field(c.path), v.index[strings.Join(c.path.steps, ".")]
	place := v.place(strings.TrimSuffix(c.path.String(), "[]"))
	say := func(when, what string) {
		v.extra = append(v.extra, fmt.Sprintf("when %s then %s || %s", when, place, literal(": "+what)))
	}
	switch {
	case c.path.list:
		wrong := fmt.Sprintf("list_position(list_transform(%s, lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)", field)
		v.extra = append(v.extra, fmt.Sprintf("when %[1]s is not null then %[2]s || '[' || (%[1]s - 1) || ']: wants text, found ' || %[3]s",
			wrong, place, found(fmt.Sprintf("json_type(%s[%s])", field, wrong))))
	case c.typ == schema.Integer:
		say(fmt.Sprintf("kinds[%d] = 'UBIGINT' and %s is null", number, field), "wants a 64-bit integer, found a larger number")
	case c.typ == schema.Double:
		say(fmt.Sprintf("kinds[%d] in (%s) and not coalesce(isfinite(%s), false)", number, kindDouble.types(), field), "wants a finite number, found one out of range")
	}
	value := v.value(c)
	if c.typ == schema.Text {
		v.nul = append(v.nul, fmt.Sprintf("when contains(%s, chr(0)) then %s", value, place+" || "+literal(": wants text, found a NUL character in it")))
	}
	if c.required {
		say(value+" is null", "is required, and absent")
	}
	if c.pattern != "" {
		v.extra = append(v.extra, fmt.Sprintf("when not regexp_matches(%s, %s) then %s || ': wants text like %s, found ' || left(%s, 40)",
			value, literal(c.pattern), place, strings.ReplaceAll(c.pattern, "'", "''"), value))
	}
}

// field is the SQL of a place in the document as from_json gave it.
func (v *values) field(p path) string {
	sql := v.body
	for _, s := range p.steps {
		sql += "." + v.quote(s)
	}
	return sql
}

// value is the SQL of a column's value.
func (v *values) value(c column) string {
	field := v.field(c.path)
	if !c.path.list {
		return field
	}
	return fmt.Sprintf("case when len(%[1]s) > 0 then array_to_string(list_transform(%[1]s, lambda e: e ->> '$'), %[2]s) end", field, literal(c.join))
}

// elements is the SQL of the elements of a part that make rows, as a list.
func (v *values) elements(p path, scalar bool) string {
	field := v.field(p)
	switch {
	case !p.list:
		return fmt.Sprintf("case when %[1]s <> '{}' then [%[1]s] else [] end", field)
	case scalar:
		return fmt.Sprintf("coalesce(%s, [])", field)
	default:
		return fmt.Sprintf("coalesce(list_filter(%s, lambda e: e <> '{}'), [])", field)
	}
}

// jsonPaths are the places that json_type looks at.
func (v *values) jsonPaths() string {
	paths := make([]string, len(v.checks))
	for i, c := range v.checks {
		paths[i] = literal("$" + strings.Join(append([]string{""}, c.steps...), "."))
	}
	return "[" + strings.Join(paths, ", ") + "]"
}

// failed is the number of the first place that holds the wrong kind. It is a
// case and not a filter: DuckDB would evaluate json_type once per branch of a
// filter.
func (v *values) failed(indent int) string {
	pad := "\n" + strings.Repeat(" ", indent+4)
	var sql strings.Builder
	sql.WriteString("case")
	for i, c := range v.checks {
		allowed := c.kind.types()
		if len(c.steps) > 0 {
			allowed += ", 'NULL'"
		}
		fmt.Fprintf(&sql, "%swhen kinds[%d] not in (%s) then %d", pad, i+1, allowed, i+1)
	}
	sql.WriteString("\n" + strings.Repeat(" ", indent) + "end")
	return sql.String()
}

// reasons are SQL expressions; the first that is not null says why a document
// is rejected.
func (v *values) reasons() []string {
	places, wants := make([]string, len(v.checks)), make([]string, len(v.checks))
	for i, c := range v.checks {
		wants[i] = literal(c.wants())
		switch {
		case len(c.steps) > 0:
			places[i] = literal(v.suffix(path{steps: c.steps}.String()))
		case v.prefix.steps == nil:
			places[i] = literal("the record")
		default:
			places[i] = "''"
		}
	}
	place := "[" + strings.Join(places, ", ") + "][failed]"
	if v.prefix.steps != nil {
		place = v.placeOf(place)
	}
	reasons := []string{fmt.Sprintf("case when failed is not null then %s || ': wants ' || [%s][failed] || ', found ' || %s end",
		place, strings.Join(wants, ", "), found("kinds[failed]"))}
	if len(v.nul) > 0 {
		reasons = append(reasons, "case when has_nul then case "+strings.Join(v.nul, " ")+" end end")
	}
	if len(v.extra) > 0 {
		reasons = append(reasons, "case "+strings.Join(v.extra, " ")+" end")
	}
	return reasons
}

// place is the SQL of the name of a place in the record.
func (v *values) place(text string) string {
	if v.prefix.steps == nil {
		return literal(text)
	}
	return v.placeOf(literal(v.suffix(text)))
}

// suffix is a place as it follows the name of the document it is in.
func (v *values) suffix(text string) string {
	switch {
	case v.prefix.steps == nil:
		return text
	case text == ".":
		return ""
	default:
		return "." + text
	}
}

// placeOf puts the element's own place in front.
func (v *values) placeOf(suffix string) string {
	own := strings.TrimSuffix(v.prefix.String(), "[]")
	if !v.prefix.list {
		return fmt.Sprintf("%s || %s", literal(own), suffix)
	}
	return fmt.Sprintf("%s || index || ']' || %s", literal(own+"["), suffix)
}

// found is the SQL that puts json_type's name in words.
func found(jsonType string) string {
	return "case coalesce(" + jsonType + ", 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object'" +
		" when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null'" +
		" when 'DOUBLE' then 'a floating-point number' else 'a number' end"
}

// shape is the structure that from_json reads: an ordered tree of keys.
type shape struct {
	keys []string
	of   map[string]*shape
	leaf string // JSON of a type name; empty for an object
}

func (s *shape) put(steps []string, leaf string) {
	if len(steps) == 0 {
		s.leaf = leaf
		return
	}
	if s.of == nil {
		s.of = map[string]*shape{}
	}
	next, ok := s.of[steps[0]]
	if !ok {
		next = &shape{}
		s.of[steps[0]] = next
		s.keys = append(s.keys, steps[0])
	}
	next.put(steps[1:], leaf)
}

func (s *shape) json() string {
	if s.leaf != "" {
		return s.leaf
	}
	fields := make([]string, len(s.keys))
	for i, key := range s.keys {
		fields[i] = `"` + key + `": ` + s.of[key].json()
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
