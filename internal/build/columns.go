package build

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// agreeOnColumns applies on_schema_change and decides which columns are
// written.
func (i *incremental) agreeOnColumns(ctx context.Context, temporary dbt.Relation) error {
	if i.own {
		return nil // agreed asks the macros
	}
	columns, err := i.processSchemaChanges(ctx, i.onChange, temporary, i.target)
	i.rows.columns = namesOf(columns)
	return err
}

// agreed are the columns that an own strategy is told to write, as macros see
// them.
func (i *incremental) agreed(ctx context.Context, temporary dbt.Relation) ([]dbt.Column, error) {
	if _, err := i.processSchemaChanges(ctx, "ignore", temporary, i.target); err != nil {
		return nil, err
	}
	returned, err := i.call(ctx, "process_schema_changes", i.onChange, temporary, i.target)
	if err != nil {
		return nil, err
	}
	if columns, ok := dbt.ColumnsOf(returned); ok {
		return columns, nil
	}
	returned, err = i.call(ctx, "get_columns_in_relation", i.target)
	columns, _ := dbt.ColumnsOf(returned)
	return columns, err
}

// processSchemaChanges makes the columns of a table agree with those that
// arrive, and returns the ones to write.
func (m *materialization) processSchemaChanges(ctx context.Context, onChange string, from, into dbt.Relation) ([]warehouse.ResultColumn, error) {
	arrived, err := m.session.columns(ctx, from.String())
	if err != nil {
		return nil, err
	}
	present, err := m.session.columns(ctx, into.String())
	if err != nil {
		return nil, err
	}
	if !enforced(m.node) {
		if err := m.widen(ctx, into, present, arrived); err != nil {
			return nil, err
		}
	}
	if onChange == "ignore" {
		return present, nil
	}
	change := compareColumns(present, arrived)
	if change.empty() {
		return arrived, nil
	}
	if onChange == "fail" {
		return nil, fmt.Errorf("The source and target schemas on this incremental model are out of sync!\nthe columns of %s changed, and on_schema_change is fail:%s\nhint: run with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns", into, change)
	}
	if onChange != "sync_all_columns" {
		change.removed, change.retyped = nil, nil
	}
	return arrived, m.alter(ctx, m.alterations(into, change))
}

// alterations are the statements that change a table's columns.
func (m *materialization) alterations(of dbt.Relation, change columnChange) []string {
	table := "alter table " + of.String()
	var statements []string
	for _, c := range change.added {
		statements = append(statements, table+" add column "+m.dialect.Quote(c.Name)+" "+c.Type)
	}
	for _, c := range change.removed {
		statements = append(statements, table+" drop column "+m.dialect.Quote(c.Name))
	}
	for _, c := range change.retyped {
		statements = append(statements, m.retype(of, c)...)
	}
	return statements
}

func (m *materialization) alter(ctx context.Context, statements []string) error {
	for _, sql := range statements {
		if _, err := m.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// retype gives a column another type. Where the database has no better way it
// is dbt's: a new column at the end of the table takes the old one's place.
func (m *materialization) retype(of dbt.Relation, c warehouse.ResultColumn) []string {
	table := of.String()
	if m.dialect.AlterType != "" {
		return []string{"alter table " + table + " alter column " + m.dialect.Quote(c.Name) + m.dialect.AlterType + c.Type}
	}
	old, next := m.dialect.Quote(c.Name), m.dialect.Quote(m.dialect.Suffixed(c.Name, "__dbt_alter"))
	return []string{
		"alter table " + table + " add column " + next + " " + c.Type,
		"update " + table + " set " + next + " = " + old,
		"alter table " + table + " drop column " + old + m.dialect.DropCascade,
		"alter table " + table + " rename column " + next + " to " + old,
	}
}

// columnChange is how the columns that arrive differ from those present.
type columnChange struct {
	added, removed, retyped []warehouse.ResultColumn
}

func compareColumns(present, arrived []warehouse.ResultColumn) columnChange {
	var change columnChange
	for _, c := range arrived {
		there, ok := findColumn(present, c.Name)
		switch {
		case !ok:
			change.added = append(change.added, c)
		case there.Type != c.Type && textSize(c.Type) >= 0 && textSize(there.Type) >= textSize(c.Type):
			// What arrives fits; dbt leaves the wider type.
		case there.Type != c.Type:
			change.retyped = append(change.retyped, c)
		}
	}
	for _, c := range present {
		if _, ok := findColumn(arrived, c.Name); !ok {
			change.removed = append(change.removed, c)
		}
	}
	return change
}

func findColumn(columns []warehouse.ResultColumn, name string) (warehouse.ResultColumn, bool) {
	at := slices.IndexFunc(columns, func(c warehouse.ResultColumn) bool { return strings.EqualFold(c.Name, name) })
	if at < 0 {
		return warehouse.ResultColumn{}, false
	}
	return columns[at], true
}

// widen makes text columns as wide as what arrives, whatever on_schema_change
// says: dbt does so for every incremental model without a contract.
func (m *materialization) widen(ctx context.Context, of dbt.Relation, present, arrived []warehouse.ResultColumn) error {
	for k, c := range present {
		from, ok := findColumn(arrived, c.Name)
		if !ok || textSize(c.Type) < 0 || textSize(from.Type) <= textSize(c.Type) {
			continue
		}
		present[k].Type = fmt.Sprintf("character varying(%d)", textSize(from.Type))
		if err := m.alter(ctx, m.retype(of, present[k])); err != nil {
			return err
		}
	}
	return nil
}

// textSize is how many characters dbt takes a text type to hold; -1 for types
// that are no text. Text without a limit counts as 256.
func textSize(typeName string) int {
	base, size, sized := strings.Cut(typeName, "(")
	switch strings.ToLower(base) {
	case "text", "character varying", "character", "bpchar", "varchar":
	default:
		return -1
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(size, ")")); sized && err == nil {
		return n
	}
	return 256
}

func (c columnChange) empty() bool { return len(c.added)+len(c.removed)+len(c.retyped) == 0 }

func (c columnChange) String() string {
	var b strings.Builder
	for _, column := range c.added {
		fmt.Fprintf(&b, "\n  new:       %s %s", column.Name, column.Type)
	}
	for _, column := range c.removed {
		fmt.Fprintf(&b, "\n  missing:   %s", column.Name)
	}
	for _, column := range c.retyped {
		fmt.Fprintf(&b, "\n  new type:  %s %s", column.Name, column.Type)
	}
	return b.String()
}

func namesOf(columns []warehouse.ResultColumn) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}
