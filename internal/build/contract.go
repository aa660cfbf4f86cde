package build

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// enforced reports a model under contract: its columns, their types and their
// constraints are those declared, or it is not built.
func enforced(n *dbt.Node) bool {
	contract, ok := n.Config.Get("contract")
	if !ok {
		return false
	}
	d, ok := contract.(*jinja.Dict)
	if !ok {
		return false
	}
	value, _ := d.Get("enforced")
	return value == true
}

// checkContract compares the query's columns with the declared ones before
// anything is written. The declared types pass through the database, so that
// its own aliases of a type compare equal.
func (m *materialization) checkContract(ctx context.Context, sql string) error {
	if len(m.node.Columns) == 0 {
		//nolint:staticcheck // dbt's words
		return errors.New("This model has an enforced contract, and its 'columns' specification is missing")
	}
	var nulls, untyped, unsized []string
	for _, c := range m.node.Columns {
		switch strings.ToLower(strings.TrimSpace(c.DataType)) {
		case "":
			untyped = append(untyped, c.Name)
		case "numeric", "decimal", "number":
			unsized = append(unsized, c.Name)
		}
		nulls = append(nulls, "cast(null as "+c.DataType+") as "+m.declaredName(c))
	}
	if len(untyped) > 0 {
		return errors.New(dbt.UntypedColumns("['" + strings.Join(untyped, "', '") + "']"))
	}
	if len(unsized) > 0 {
		m.warn(fmt.Sprintf("%s: the data_type of %s has no precision and scale, so numbers may be rounded", m.node.OriginalFilePath, strings.Join(unsized, ", ")))
	}
	wanted, err := m.session.columns(ctx, "(select "+strings.Join(nulls, ", ")+") as contract")
	if err != nil {
		return err
	}
	got, err := m.definedColumns(ctx, sql)
	if err != nil {
		return err
	}
	if mismatch := m.contractMismatch(wanted, got); len(mismatch) > 0 {
		return errors.New(dbt.ContractFailure(mismatch))
	}
	return nil
}

func (m *materialization) definedColumns(ctx context.Context, sql string) ([]warehouse.ResultColumn, error) {
	table, err := m.session.fetch(ctx, 0, m.header()+"select * from (\n"+sql+"\n) as definition limit 0")
	return table.Columns, err
}

// declaredName is a declared column as the database knows it: as it is written
// where the project says quote, else as the database folds bare names.
func (m *materialization) declaredName(c dbt.ColumnInfo) string {
	if c.Quote != nil && *c.Quote {
		return m.dialect.Quote(c.Name)
	}
	return m.dialect.Quote(m.dialect.Fold(c.Name))
}

func (m *materialization) contractMismatch(wanted, got []warehouse.ResultColumn) (rows [][]any) {
	contract, definition := m.labels(wanted), m.labels(got)
	for _, c := range got {
		declared, ok := contract[m.columnKey(c.Name)]
		switch {
		case !ok:
			rows = append(rows, []any{c.Name, m.dialect.ContractType(c.Type), "", "missing in contract"})
		case declared != m.dialect.ContractType(c.Type):
			rows = append(rows, []any{c.Name, m.dialect.ContractType(c.Type), declared, "data type mismatch"})
		}
	}
	for _, c := range wanted {
		if _, ok := definition[m.columnKey(c.Name)]; !ok {
			rows = append(rows, []any{c.Name, "", m.dialect.ContractType(c.Type), "missing in definition"})
		}
	}
	return rows
}

func (m *materialization) labels(columns []warehouse.ResultColumn) map[string]string {
	labels := map[string]string{}
	for _, c := range columns {
		labels[m.columnKey(c.Name)] = m.dialect.ContractType(c.Type)
	}
	return labels
}

// columnKey is equal for names that the database takes for the same column
// when they are quoted.
func (m *materialization) columnKey(name string) string {
	if m.dialect.Folding == warehouse.FoldNothing {
		return strings.ToLower(name)
	}
	return name
}
