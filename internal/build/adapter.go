package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// adapter is a worker's session as templates see it.
type adapter struct {
	run     *run
	session *session
}

var _ dbt.Adapter = adapter{}

// Query runs what a template asks for in the middle of its rendering.
func (a adapter) Query(ctx context.Context, sql string) (*dbt.Table, error) {
	if a.run.NoIntrospect {
		return nil, errNoIntrospection
	}
	table, err := a.session.fetch(ctx, -1, sql)
	if err != nil {
		return nil, err
	}
	return tableOf(table), nil
}

var errNoIntrospection = errors.New("a template asks the database, which --no-introspect forbids")

// tableOf is a result as templates read it; the values are converted in place.
func tableOf(table warehouse.Table) *dbt.Table {
	for _, row := range table.Rows {
		for i, value := range row {
			row[i] = templateValue(value)
		}
	}
	return &dbt.Table{Columns: columnsOf(table.Columns), Rows: table.Rows, Response: responseOf(table.Result)}
}

// responseOf is what dbt's adapters make of the database's words.
func responseOf(said warehouse.Result) dbt.Response {
	if said.Tag == "" {
		return dbt.Response{Message: "OK"}
	}
	rows := said.Rows
	return dbt.Response{Message: said.Tag, Code: strings.TrimRight(said.Tag, " 0123456789"), Affected: &rows}
}

func templateValue(value any) any {
	switch v := value.(type) {
	case warehouse.Decimal:
		return dbt.Decimal(v)
	case warehouse.Date:
		return v.Time
	case warehouse.LocalTime:
		return v.Time
	case time.Time:
		// Package dbt takes times in time.UTC for times without a zone.
		return v.In(time.FixedZone("UTC", 0))
	}
	return value
}

// Relation looks a relation up in the run's cache.
func (a adapter) Relation(ctx context.Context, database, schema, identifier string) (dbt.Relation, bool, error) {
	return a.run.cache.lookup(ctx, a.session, dbt.Relation{
		Database: database, Schema: schema, Identifier: identifier, Quote: quoteAll,
	})
}

var quoteAll = dbt.Quoting{Database: true, Schema: true, Identifier: true}

// Relations lists a schema from the run's cache.
func (a adapter) Relations(ctx context.Context, database, schema string) ([]dbt.Relation, bool, error) {
	relations, err := a.run.cache.relations(ctx, a.session, database, schema)
	if err != nil || len(relations) > 0 {
		return relations, true, err
	}
	exists, err := warehouse.HasSchema(ctx, a.session.conn, a.run.dialect, database, schema)
	return nil, exists, err
}

// Changed has the run's cache look again at a schema.
func (a adapter) Changed(database, schema string) { a.run.cache.forget(database, schema) }

// Columns asks the database, because a model's columns change while it runs.
func (a adapter) Columns(ctx context.Context, relation dbt.Relation) ([]dbt.Column, error) {
	if a.run.NoIntrospect {
		return nil, errNoIntrospection
	}
	if relation.Schema == "" { // a temporary table
		found, err := a.session.columns(ctx, relation.String())
		return columnsOf(found), err
	}
	table, err := a.session.fetch(ctx, -1, a.run.dialect.ListColumns, relation.Database, relation.Schema, relation.Identifier)
	if err != nil {
		return nil, fmt.Errorf("list columns of %s: %w", relation, err)
	}
	columns := make([]dbt.Column, len(table.Rows))
	for i, row := range table.Rows {
		columns[i] = dbt.Column{Name: fmt.Sprint(row[0]), DataType: fmt.Sprint(row[1])}
	}
	return columns, nil
}

func columnsOf(columns []warehouse.ResultColumn) []dbt.Column {
	converted := make([]dbt.Column, len(columns))
	for i, c := range columns {
		converted[i] = dbt.Column{Name: c.Name, DataType: c.Type}
	}
	return converted
}

// Selected are the ids of all that is run. A build counts unit tests to their
// models.
func (a adapter) Selected() []string {
	if a.run.Command != Build {
		return a.run.steps
	}
	return slices.DeleteFunc(slices.Clone(a.run.steps), func(id string) bool { return a.run.Project.UnitTests[id] != nil })
}
