package build

import (
	"context"
	"strings"

	"apotheca/internal/dbt"
)

// tableMacro is the macro that dbt's table and incremental call for their
// statement: that of the DuckDB adapter skips the outer one.
func (m *materialization) tableMacro() string {
	if m.dialect.Name == "duckdb" {
		return "create_table_as"
	}
	return "get_create_table_as_sql"
}

func (m *materialization) createTable(ctx context.Context, temporary bool, into dbt.Relation, sql string) (string, error) {
	return m.text(ctx, m.tableMacro(), func() (string, error) {
		return m.createTableSQL(ctx, temporary, into, sql)
	}, temporary, into, sql)
}

func (m *materialization) createView(ctx context.Context, into dbt.Relation, sql string) (string, error) {
	return m.text(ctx, "get_create_view_as_sql", func() (string, error) {
		return m.createViewSQL(ctx, into, sql)
	}, into, sql)
}

func (m *materialization) createViewSQL(ctx context.Context, into dbt.Relation, sql string) (string, error) {
	if enforced(m.node) {
		if err := m.checkContract(ctx, sql); err != nil {
			return "", err
		}
	}
	return m.header() + "create view " + into.String() + " as (\n" + sql + "\n)", nil
}

// createTableSQL makes a table of a query. One under contract is declared
// first, constraints and all, in the order of the declaration, and filled
// then: the insert fails where the data does not hold to them, and the
// transaction takes everything back.
func (m *materialization) createTableSQL(ctx context.Context, temporary bool, into dbt.Relation, sql string) (string, error) {
	if enforced(m.node) {
		if err := m.checkContract(ctx, sql); err != nil {
			return "", err
		}
	}
	if temporary {
		into.Hide.Database, into.Hide.Schema = true, true
		return m.header() + "create temporary table " + into.String() + " as (\n" + sql + "\n)", nil
	}
	create := m.header() + "create" + m.unlogged() + " table " + into.String()
	if !enforced(m.node) {
		return create + " as (\n" + sql + "\n)", nil
	}
	definition, err := m.columnDefinitions(ctx)
	columns := m.declaredColumns()
	return create + " (\n" + definition + "\n);\n\ninsert into " + into.String() + " (" + columns + ")\nselect " + columns + "\nfrom (\n" + sql + "\n) as model", err
}

// declaredColumns are the columns of a contract, in its order.
func (m *materialization) declaredColumns() string {
	names := make([]string, len(m.node.Columns))
	for i, c := range m.node.Columns {
		names[i] = m.declaredName(c)
	}
	return strings.Join(names, ", ")
}
