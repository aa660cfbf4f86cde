package dbt

import (
	"strings"
)

// RelationType is what kind of object a relation is.
type RelationType string

// The relation types.
const (
	TableRelation    RelationType = "table"
	ViewRelation     RelationType = "view"
	CTERelation      RelationType = "cte"
	MaterializedView RelationType = "materialized_view"
	ExternalRelation RelationType = "external"
)

// Quoting says which parts of a relation's name are quoted.
type Quoting struct {
	Database, Schema, Identifier bool
}

// Relation names a table, a view or (without identifier) a schema. It is a
// value: changing one makes a copy.
type Relation struct {
	Database   string
	Schema     string
	Identifier string
	Type       RelationType // empty when not known

	// Empty is a relation of which templates read no rows, Filter the condition
	// of those that they read.
	Empty  bool
	Filter string

	// Quote and Hide are per part; the zero value quotes nothing, hides nothing.
	Quote Quoting
	Hide  Quoting
}

// String is the relation as SQL. A CTE has only its identifier, unquoted.
func (r Relation) String() string {
	if r.Type == CTERelation {
		return r.Identifier
	}
	parts := make([]string, 0, 3)
	add := func(name string, quote, hide bool) {
		if name == "" || hide {
			return
		}
		if quote {
			name = quoteIdentifier(name)
		}
		parts = append(parts, name)
	}
	add(r.Database, r.Quote.Database, r.Hide.Database)
	add(r.Schema, r.Quote.Schema, r.Hide.Schema)
	add(r.Identifier, r.Quote.Identifier, r.Hide.Identifier)
	return strings.Join(parts, ".")
}

func quoteIdentifier(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
