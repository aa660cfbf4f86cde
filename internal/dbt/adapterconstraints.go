package dbt

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"apotheca/internal/jinja"
)

// rawConstraint reads a constraint as properties have it.
type rawConstraint struct{ d *jinja.Dict }

func (c rawConstraint) text(key string) string {
	v, _ := c.d.Get(key)
	if v == nil {
		return ""
	}
	return jinja.Str(v)
}

func (c rawConstraint) names(key string) string {
	v, _ := c.d.Get(key)
	return strings.Join(texts(v), ", ")
}

func parseConstraint(v any) (rawConstraint, error) {
	d, _ := v.(*jinja.Dict)
	kind, _ := d.Get("type")
	if !in(jinja.Str(kind), "check", "not_null", "unique", "primary_key", "foreign_key", "custom") {
		return rawConstraint{}, fmt.Errorf("Could not parse constraint: %s", jinja.Repr(v)) //nolint:staticcheck // dbt's words
	}
	return rawConstraint{d}, nil
}

// columnsConstraints writes columns with their types and constraints.
func (v adapterValue) columnsConstraints(a []any, kw *jinja.Dict) (any, error) {
	columns, _ := argument(a, kw, 0, "raw_columns", nil).(*jinja.Dict)
	out := jinja.NewList()
	for _, key := range keysIn(columns) {
		value, _ := columns.Get(key)
		column, ok := value.(*jinja.Dict)
		if !ok {
			return nil, fmt.Errorf("adapter.render_raw_columns_constraints() takes a mapping of columns")
		}
		c := rawConstraint{column}
		name := c.text("name")
		if quoted, _ := column.Get("quote"); jinja.Truth(quoted) {
			name = quoteIdentifier(name)
		}
		parts := []string{name + " " + c.text("data_type")}
		raw, _ := column.Get("constraints")
		constraints, err := jinja.Iterate(raw)
		if err != nil {
			return nil, err
		}
		for _, one := range constraints {
			constraint, err := parseConstraint(one)
			if err != nil {
				return nil, err
			}
			if text := constraint.ofColumn(); text != "" {
				parts = append(parts, text)
			}
		}
		out.V = append(out.V, strings.Join(parts, " "))
	}
	return out, nil
}

func (c rawConstraint) ofColumn() string {
	expression := c.text("expression")
	text := ""
	switch c.text("type") {
	case "check":
		if expression != "" {
			text = "check (" + expression + ")"
		}
	case "not_null":
		text = "not null " + expression
	case "unique":
		text = "unique " + expression
	case "primary_key":
		text = "primary key " + expression
	case "foreign_key":
		if to, columns := c.text("to"), c.names("to_columns"); to != "" && columns != "" {
			text = "references " + to + " (" + columns + ")"
		} else if expression != "" {
			text = "references " + expression
		}
	case "custom":
		text = expression
	}
	return strings.TrimSpace(text)
}

// modelConstraints writes the constraints of a whole model.
func modelConstraints(a []any, kw *jinja.Dict) (any, error) {
	raw, err := jinja.Iterate(argument(a, kw, 0, "raw_constraints", nil))
	if err != nil {
		return nil, err
	}
	out := jinja.NewList()
	for _, one := range raw {
		constraint, err := parseConstraint(one)
		if err != nil {
			return nil, err
		}
		if text := constraint.ofModel(); text != "" {
			out.V = append(out.V, text)
		}
	}
	return out, nil
}

func (c rawConstraint) ofModel() string {
	prefix, expression, columns := "", c.text("expression"), c.names("columns")
	if name := c.text("name"); name != "" {
		prefix = "constraint " + name + " "
	}
	spaced := expression
	if spaced != "" {
		spaced = " " + spaced
	}
	switch kind := c.text("type"); {
	case kind == "unique":
		return prefix + "unique" + spaced + " (" + columns + ")"
	case kind == "primary_key":
		return prefix + "primary key" + spaced + " (" + columns + ")"
	case kind == "foreign_key" && c.text("to") != "" && c.names("to_columns") != "":
		return prefix + "foreign key (" + columns + ") references " + c.text("to") + " (" + c.names("to_columns") + ")"
	case expression == "":
	case kind == "foreign_key":
		return prefix + "foreign key (" + columns + ") references " + expression
	case kind == "check":
		return prefix + "check (" + expression + ")"
	case kind == "custom":
		return prefix + expression
	}
	return ""
}

// parseIndex reads an index as the config indexes has it.
func (v adapterValue) parseIndex(a []any, kw *jinja.Dict) (any, error) {
	raw := argument(a, kw, 0, "raw_index", nil)
	if raw == nil {
		return nil, nil
	}
	wrong := func(format string, x ...any) error {
		return fmt.Errorf("Could not parse index config: at path []: "+format, x...) //nolint:staticcheck // dbt's words
	}
	d, ok := raw.(*jinja.Dict)
	if !ok {
		return nil, wrong("%s is not of type 'object'", jinja.Repr(raw))
	}
	for _, key := range d.Keys() {
		if name := jinja.Str(key); !in(name, "columns", "unique") && (name != "type" || v.s.p.Target.Type == "duckdb") {
			return nil, wrong("Additional properties are not allowed (%s was unexpected)", jinja.Repr(key))
		}
	}
	columns, has := d.Get("columns")
	if !has {
		return nil, wrong("'columns' is a required property")
	}
	list, ok := columns.(*jinja.List)
	if !ok {
		return nil, fmt.Errorf("Could not parse index config: at path ['columns']: %s is not of type 'array'", jinja.Repr(columns)) //nolint:staticcheck // dbt's words
	}
	unique, _ := d.Get("unique")
	kind, _ := d.Get("type")
	return indexValue{columns: list, unique: jinja.Truth(unique), kind: kind, typed: v.s.p.Target.Type != "duckdb"}, nil
}

// indexValue is an index as templates see it.
type indexValue struct {
	columns *jinja.List
	unique  bool
	kind    any
	typed   bool // the database has kinds of indexes
}

func (i indexValue) GetAttr(name string) (any, bool) {
	switch name {
	case "columns":
		return i.columns, true
	case "unique":
		return i.unique, true
	case "type":
		return i.kind, i.typed
	case "render":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			relation, ok := argument(a, kw, 0, "relation", nil).(relationValue)
			if !ok {
				return nil, fmt.Errorf("an index is rendered for a relation")
			}
			return i.name(relation), nil
		}), true
	}
	return nil, false
}

// name is another one at any time: the index of yesterday's table still has
// its own when the new one is made.
func (i indexValue) name(relation relationValue) string {
	parts := append(texts(i.columns), relation.Relation.String(), jinja.Str(i.unique))
	if i.typed {
		parts = append(parts, jinja.Str(i.kind))
	}
	parts = append(parts, time.Now().UTC().Format("2006-01-02T15:04:05.000000"))
	sum := md5.Sum([]byte(strings.Join(parts, "_")))
	return hex.EncodeToString(sum[:])
}
