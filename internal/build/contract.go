package build

import (
	"context"
	"fmt"
	"slices"
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

func (m *materialization) planContract() (func(context.Context) error, error) {
	if m.kind == "view" {
		return m.checked(m.view), nil
	}
	if m.kind == "table" || m.fromNothing() {
		return m.checked(m.contractedTable), nil
	}
	build, err := m.planIncremental()
	if err != nil {
		return nil, err
	}
	return m.checked(build), nil
}

func (m *materialization) checked(build func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := m.checkContract(ctx); err != nil {
			return err
		}
		return build(ctx)
	}
}

// checkContract compares the query's columns with the declared ones before
// anything is written; the declared types pass through the database, so that
// its own aliases of a type compare equal.
func (m *materialization) checkContract(ctx context.Context) error {
	if len(m.node.Columns) == 0 {
		return fmt.Errorf("the contract of %s is enforced, but it declares no columns", m.node.Name)
	}
	nulls := make([]string, len(m.node.Columns))
	for i, c := range m.node.Columns {
		if c.DataType == "" {
			return fmt.Errorf("the contract of %s is enforced, but column %s has no data_type", m.node.Name, c.Name)
		}
		nulls[i] = "cast(null as " + c.DataType + ") as " + m.dialect.Quote(c.Name)
	}
	wanted, err := m.session.columns(ctx, "(select "+strings.Join(nulls, ", ")+") as contract")
	if err != nil {
		return err
	}
	got, err := m.session.columns(ctx, "(\n"+m.sql+"\n) as definition")
	if err != nil {
		return err
	}
	if mismatch := contractMismatch(wanted, got); mismatch != "" {
		return fmt.Errorf("this model has an enforced contract that failed: the columns of the query differ from those declared\n%s", mismatch)
	}
	return nil
}

func contractMismatch(wanted, got []warehouse.ResultColumn) string {
	change := compareColumns(wanted, got)
	if change.empty() {
		return ""
	}
	rows := [][]any{}
	typeIn := func(columns []warehouse.ResultColumn, name string) string {
		for _, c := range columns {
			if strings.EqualFold(c.Name, name) {
				return c.Type
			}
		}
		return ""
	}
	for _, c := range slices.Concat(change.added, change.removed, change.retyped) {
		definition, contract := typeIn(got, c.Name), typeIn(wanted, c.Name)
		reason := "data type mismatch"
		if definition == "" {
			reason = "missing in definition"
		} else if contract == "" {
			reason = "missing in contract"
		}
		rows = append(rows, []any{c.Name, definition, contract, reason})
	}
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return formatTable([]string{"column_name", "definition_type", "contract_type", "mismatch_reason"}, rows)
}

// contractedTable declares the table first, constraints and all, in the order
// of the declaration, and fills it then: the insert fails where the data does
// not hold to them, and the transaction takes everything back.
func (m *materialization) contractedTable(ctx context.Context) error {
	return m.replace(ctx, func(ctx context.Context, into dbt.Relation, create string) error {
		definition, err := m.columnDefinitions()
		if err != nil {
			return err
		}
		if _, err := m.exec(ctx, m.header()+create+" table "+into.String()+" (\n"+definition+"\n)"); err != nil {
			return err
		}
		names := make([]string, len(m.node.Columns))
		for i, c := range m.node.Columns {
			names[i] = c.Name
		}
		columns := m.dialect.QuoteAll(names)
		rows, err := m.exec(ctx, "insert into "+into.String()+" ("+columns+")\nselect "+columns+"\nfrom (\n"+m.sql+"\n) as model")
		m.wrote("INSERT", rows)
		return err
	})
}

func (m *materialization) columnDefinitions() (string, error) {
	var lines []string
	for _, c := range m.node.Columns {
		line := "    " + m.dialect.Quote(c.Name) + " " + c.DataType
		for _, constraint := range c.Constraints {
			text, err := m.constraint(constraint, c.Name)
			if err != nil {
				return "", err
			}
			line += " " + text
		}
		lines = append(lines, line)
	}
	for _, constraint := range m.node.Constraints {
		text, err := m.constraint(constraint, "")
		if err != nil {
			return "", err
		}
		lines = append(lines, "    "+text)
	}
	return strings.Join(lines, ",\n"), nil
}

// constraint renders one constraint: of a column, or of the whole table when
// column is empty.
func (m *materialization) constraint(declared any, column string) (string, error) {
	d, ok := declared.(*jinja.Dict)
	if !ok {
		return "", fmt.Errorf("constraint %s: not a mapping", jinja.Repr(declared))
	}
	get := func(key string) string {
		value, ok := d.Get(key)
		if !ok || value == nil {
			return ""
		}
		return jinja.Str(value)
	}
	kind, expression := get("type"), get("expression")
	if kind != "custom" && !slices.Contains(m.dialect.EnforcedConstraints, kind) {
		return "", fmt.Errorf("constraint type %q is not supported on %s", kind, m.dialect.Name)
	}
	on := ""
	if column == "" {
		var columns []string
		if list, ok := d.Get("columns"); ok {
			if l, ok := list.(*jinja.List); ok {
				for _, e := range l.V {
					columns = append(columns, jinja.Str(e))
				}
			}
		}
		on = " (" + m.dialect.QuoteAll(columns) + ")"
	}
	text := ""
	switch kind {
	case "not_null":
		text = "not null"
	case "unique":
		text = "unique" + on
	case "primary_key":
		text = "primary key" + on
	case "check":
		text = "check (" + expression + ")"
	case "foreign_key":
		text = m.foreignKey(expression, on, column == "")
	default:
		text = expression
	}
	if name := get("name"); name != "" && column == "" {
		text = "constraint " + m.dialect.Quote(name) + " " + text
	}
	return text, nil
}

func (m *materialization) foreignKey(expression, on string, ofTable bool) string {
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(expression)), "references") {
		expression = "references " + expression
	}
	if ofTable {
		return "foreign key" + on + " " + expression
	}
	return expression
}
