package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// relationValue is a Relation as templates see it.
type relationValue struct {
	s *scope
	Relation
}

// Str, Hash and IsMapping are how the template engine prints, compares and
// classifies it; packages recognise a relation by its being a mapping.
func (r relationValue) Str() string     { return r.filtered() }
func (r relationValue) Hash() string    { return "relation:" + r.Relation.String() }
func (r relationValue) IsMapping() bool { return true }

// TypeName is the class that dbt has for the target's relations.
func (r relationValue) TypeName() string {
	class := r.s.p.adapterClass()
	return "dbt.adapters." + strings.ToLower(class) + ".relation." + class + "Relation"
}

func (r relationValue) Repr() string { return "<" + r.s.p.adapterClass() + "Relation " + r.Str() + ">" }

// limited is the relation in a query; with --empty none of its rows.
func (r relationValue) limited() string {
	if !r.Empty {
		return r.Relation.String()
	}
	return "(select * from " + r.Relation.String() + " where false limit 0)" + r.subquery("limit")
}

// subquery is the name that a query in the relation's place needs, where it
// needs one.
func (r relationValue) subquery(what string) string {
	if in(r.s.p.Target.Type, "duckdb", "snowflake") {
		return ""
	}
	return " _dbt_" + what + "_subq_" + r.Identifier
}

// filtered is limited to the rows of a batch or a sample.
func (r relationValue) filtered() string {
	if r.Filter == "" {
		return r.limited()
	}
	return "(select * from " + r.limited() + " where " + r.Filter + ")" + r.subquery("et_filter")
}

func orNone(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (r relationValue) GetItem(key any) (any, bool) { return r.GetAttr(jinja.Str(key)) }

func (r relationValue) GetAttr(name string) (any, bool) {
	switch name {
	case "database":
		return orNone(r.Database), true
	case "schema":
		return orNone(r.Schema), true
	case "identifier", "name", "table":
		return orNone(r.Identifier), true
	case "type":
		return orNone(string(r.Type)), true
	case "is_table":
		return r.Type == TableRelation, true
	case "is_view":
		return r.Type == ViewRelation, true
	case "is_cte":
		return r.Type == CTERelation, true
	case "is_materialized_view":
		return r.Type == MaterializedView, true
	case "is_pointer":
		return false, true
	case "can_be_renamed", "can_be_replaced":
		return (r.Type == TableRelation || r.Type == ViewRelation) && r.s.p.Target.Type != "duckdb", true
	case "quote_character":
		return `"`, true
	case "quote_policy":
		return relationParts("Policy", r.Quote.Database, r.Quote.Schema, r.Quote.Identifier), true
	case "include_policy":
		return relationParts("Policy", !r.Hide.Database, !r.Hide.Schema, !r.Hide.Identifier), true
	case "path":
		return relationParts("Path", orNone(r.Database), orNone(r.Schema), orNone(r.Identifier)), true
	case "dbt_created", "require_alias", "is_function":
		return false, true
	case "limit", "event_time_filter", "catalog":
		return nil, true
	}
	return r.method(name)
}

func (r relationValue) method(name string) (any, bool) {
	var f func(a []any, kw *jinja.Dict) (any, error)
	switch name {
	case "relation_max_name_length":
		if r.s.p.Target.Type != "postgres" {
			return nil, false
		}
		f = func([]any, *jinja.Dict) (any, error) { return int64(63), nil }
	case "render":
		f = func([]any, *jinja.Dict) (any, error) { return r.Relation.String(), nil }
	case "render_limited":
		f = func([]any, *jinja.Dict) (any, error) { return r.limited(), nil }
	case "include":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			kw = named(a, kw, "database", "schema", "identifier")
			shown := overlayQuoting(Quoting{!r.Hide.Database, !r.Hide.Schema, !r.Hide.Identifier}, kw)
			r.Hide = Quoting{!shown.Database, !shown.Schema, !shown.Identifier}
			return r, nil
		}
	case "quote":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			r.Quote = overlayQuoting(r.Quote, named(a, kw, "database", "schema", "identifier"))
			return r, nil
		}
	case "replace_path", "replace", "incorporate":
		f = func(_ []any, kw *jinja.Dict) (any, error) { return r.with(kw) }
	case "to_dict":
		f = func([]any, *jinja.Dict) (any, error) { return r.dict(), nil }
	case "without_identifier":
		f = func([]any, *jinja.Dict) (any, error) {
			r.Identifier = ""
			return r, nil
		}
	case "information_schema", "information_schema_only":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			view := ""
			if v := argument(a, kw, 0, "view_name", nil); v != nil {
				view = jinja.Str(v)
			}
			r.Schema, r.Identifier, r.Quote.Schema, r.Quote.Identifier = "INFORMATION_SCHEMA", view, false, false
			r.Hide = Quoting{}
			return r, nil
		}
	case "matches":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return matches(r.Database, argument(a, kw, 0, "database", nil)) && matches(r.Schema, argument(a, kw, 1, "schema", nil)) &&
				matches(r.Identifier, argument(a, kw, 2, "identifier", nil)), nil
		}
	case "get":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			if argument(a, kw, 0, "key", "") == "metadata" {
				return jinja.NewDict("type", r.s.p.adapterClass()+"Relation"), nil
			}
			if v, ok := r.GetAttr(jinja.Str(argument(a, kw, 0, "key", ""))); ok {
				return v, nil
			}
			return argument(a, kw, 1, "default", nil), nil
		}
	default:
		return relationClass{r.s}.GetAttr(name)
	}
	return function(f), true
}

// relationParts is a value for each part of a relation's name.
func relationParts(class string, database, schema, identifier any) *namedTuple {
	return &namedTuple{class, []string{"database", "schema", "identifier"}, []any{database, schema, identifier}}
}

// dict is what of the relation can be written down.
func (r relationValue) dict() *jinja.Dict {
	part := func(name string) any {
		v, _ := r.GetAttr(name)
		return v.(*namedTuple).dict()
	}
	return jinja.NewDict("path", part("path"), "type", orNone(string(r.Type)), "quote_character", `"`, "include_policy", part("include_policy"),
		"quote_policy", part("quote_policy"), "dbt_created", false, "limit", nil, "event_time_filter", nil, "require_alias", false, "catalog", nil)
}

// named gives arguments by place the names they have.
func named(a []any, kw *jinja.Dict, names ...string) *jinja.Dict {
	all := jinja.NewDict()
	for i, v := range a[:min(len(a), len(names))] {
		all.Set(names[i], v)
	}
	for _, k := range keysIn(kw) {
		v, _ := kw.Get(k)
		all.Set(k, v)
	}
	return all
}

func matches(have string, want any) bool {
	return want == nil || strings.EqualFold(have, jinja.Str(want))
}

// fieldsOf reads a mapping, or a path or policy of another relation.
func fieldsOf(v any) (*jinja.Dict, bool) {
	if t, ok := v.(*namedTuple); ok {
		return t.dict(), true
	}
	d, ok := v.(*jinja.Dict)
	return d, ok
}

// with changes the parts that are named.
func (r relationValue) with(kw *jinja.Dict) (any, error) {
	set := func(d *jinja.Dict, key string, to *string) {
		if v, ok := d.Get(key); ok {
			*to = ""
			if v != nil {
				*to = jinja.Str(v)
			}
		}
	}
	parts := []*jinja.Dict{kw}
	if v, ok := kw.Get("path"); ok {
		if d, ok := fieldsOf(v); ok {
			parts = append(parts, d)
		}
	}
	for _, d := range parts {
		set(d, "database", &r.Database)
		set(d, "schema", &r.Schema)
		set(d, "identifier", &r.Identifier)
	}
	kind := string(r.Type)
	set(kw, "type", &kind)
	r.Type = RelationType(kind)
	if v, ok := kw.Get("quote_policy"); ok {
		if d, ok := fieldsOf(v); ok {
			r.Quote = overlayQuoting(r.Quote, d)
		}
	}
	if v, ok := kw.Get("include_policy"); ok {
		if d, ok := fieldsOf(v); ok {
			shown := overlayQuoting(Quoting{!r.Hide.Database, !r.Hide.Schema, !r.Hide.Identifier}, d)
			r.Hide = Quoting{!shown.Database, !shown.Schema, !shown.Identifier}
		}
	}
	return r, nil
}

// apiValue is `api` in templates: the classes Relation and Column.
type apiValue struct{ s *scope }

func (apiValue) TypeName() string { return "dict" }

func (a apiValue) GetAttr(name string) (any, bool) {
	switch name {
	case "Relation":
		return relationClass{a.s}, true
	case "Column":
		return columnClass{a.s}, true
	case "keys":
		return constantMacro(jinja.NewList("Relation", "Column")), true
	}
	return nil, false
}

type relationClass struct{ s *scope }

func (c relationClass) GetAttr(name string) (any, bool) {
	switch name {
	case "quoted":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return quoteIdentifier(jinja.Str(argument(a, kw, 0, "identifier", ""))), nil
		}), true
	case "add_ephemeral_prefix":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return "__dbt__cte__" + jinja.Str(argument(a, kw, 0, "name", "")), nil
		}), true
	}
	kinds := map[string]RelationType{"Table": TableRelation, "View": ViewRelation, "CTE": CTERelation,
		"MaterializedView": MaterializedView, "External": ExternalRelation, "PointerTable": "pointer_table", "Function": "function"}
	if kind, ok := kinds[name]; ok {
		return string(kind), true
	}
	switch name {
	case "get_relation_type":
		return c, true
	case "create":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			for i, key := range []string{"database", "schema", "identifier", "type"} {
				if i < len(a) {
					if kw == nil {
						kw = jinja.NewDict()
					}
					kw.Set(key, a[i])
				}
			}
			if kind, _ := kw.Get("type"); kind != nil && !knownRelationType(jinja.Str(kind)) {
				return nil, fmt.Errorf("Field \"type\" of type Optional[RelationType] in %sRelation has invalid value %s", c.s.p.adapterClass(), jinja.Repr(kind)) //nolint:staticcheck // dbt's words
			}
			return relationValue{c.s, Relation{Quote: adapterQuoting(c.s.p.Target.Type)}}.with(kw)
		}), true
	case "scd_args":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			keys := jinja.NewList()
			if l, ok := argument(a, kw, 0, "primary_key", nil).(*jinja.List); ok {
				keys.V = append(keys.V, l.V...)
			} else {
				keys.V = append(keys.V, argument(a, kw, 0, "primary_key", nil))
			}
			keys.V = append(keys.V, argument(a, kw, 1, "updated_at", nil))
			return keys, nil
		}), true
	}
	return nil, false
}

func knownRelationType(name string) bool {
	return in(name, "table", "view", "cte", "materialized_view", "ephemeral", "external", "pointer_table", "function", "dynamic_table")
}

func in(s string, of ...string) bool {
	for _, o := range of {
		if s == o {
			return true
		}
	}
	return false
}
