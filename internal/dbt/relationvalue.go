package dbt

import (
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
		return r.Type == TableRelation || r.Type == ViewRelation, true
	case "metadata":
		return jinja.NewDict("type", "Relation"), true
	case "quote_character":
		return `"`, true
	case "quote_policy":
		return jinja.NewDict("database", r.Quote.Database, "schema", r.Quote.Schema, "identifier", r.Quote.Identifier), true
	case "include_policy":
		return jinja.NewDict("database", !r.Hide.Database, "schema", !r.Hide.Schema, "identifier", !r.Hide.Identifier), true
	case "path":
		return jinja.NewDict("database", orNone(r.Database), "schema", orNone(r.Schema), "identifier", orNone(r.Identifier)), true
	}
	return r.method(name)
}

func (r relationValue) method(name string) (any, bool) {
	var f func(a []any, kw *jinja.Dict) (any, error)
	switch name {
	case "render":
		f = func([]any, *jinja.Dict) (any, error) { return r.Relation.String(), nil }
	case "render_limited":
		f = func([]any, *jinja.Dict) (any, error) { return r.limited(), nil }
	case "include":
		f = func(_ []any, kw *jinja.Dict) (any, error) {
			shown := overlayQuoting(Quoting{!r.Hide.Database, !r.Hide.Schema, !r.Hide.Identifier}, kw)
			r.Hide = Quoting{!shown.Database, !shown.Schema, !shown.Identifier}
			return r, nil
		}
	case "quote":
		f = func(_ []any, kw *jinja.Dict) (any, error) {
			r.Quote = overlayQuoting(r.Quote, kw)
			return r, nil
		}
	case "replace_path", "replace", "incorporate":
		f = func(_ []any, kw *jinja.Dict) (any, error) { return r.with(kw) }
	case "without_identifier":
		f = func([]any, *jinja.Dict) (any, error) {
			r.Identifier = ""
			return r, nil
		}
	case "information_schema":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			view := jinja.Str(argument(a, kw, 0, "view_name", ""))
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
			if v, ok := r.GetAttr(jinja.Str(argument(a, kw, 0, "key", ""))); ok {
				return v, nil
			}
			return argument(a, kw, 1, "default", nil), nil
		}
	default:
		return nil, false
	}
	return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return f(a, kw) }), true
}

func matches(have string, want any) bool {
	return want == nil || strings.EqualFold(have, jinja.Str(want))
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
		if d, ok := v.(*jinja.Dict); ok {
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
		if d, ok := v.(*jinja.Dict); ok {
			r.Quote = overlayQuoting(r.Quote, d)
		}
	}
	if v, ok := kw.Get("include_policy"); ok {
		if d, ok := v.(*jinja.Dict); ok {
			shown := overlayQuoting(Quoting{!r.Hide.Database, !r.Hide.Schema, !r.Hide.Identifier}, d)
			r.Hide = Quoting{!shown.Database, !shown.Schema, !shown.Identifier}
		}
	}
	return r, nil
}

// apiValue is `api` in templates: the classes Relation and Column.
type apiValue struct{ s *scope }

func (a apiValue) GetAttr(name string) (any, bool) {
	switch name {
	case "Relation":
		return relationClass{a.s}, true
	case "Column":
		return columnClass{a.s}, true
	}
	return nil, false
}

type relationClass struct{ s *scope }

func (c relationClass) GetAttr(name string) (any, bool) {
	kinds := map[string]RelationType{"Table": TableRelation, "View": ViewRelation, "CTE": CTERelation,
		"MaterializedView": MaterializedView, "External": ExternalRelation}
	if kind, ok := kinds[name]; ok {
		return string(kind), true
	}
	switch name {
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

func in(s string, of ...string) bool {
	for _, o := range of {
		if s == o {
			return true
		}
	}
	return false
}
