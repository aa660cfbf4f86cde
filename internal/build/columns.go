package build

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"apotheca/internal/warehouse"
)

// agreeOnColumns applies on_schema_change and decides which columns are
// written.
func (i *incremental) agreeOnColumns(ctx context.Context, temporary string) error {
	arrived, err := i.session.columns(ctx, temporary)
	if err != nil {
		return err
	}
	present, err := i.session.columns(ctx, i.target.String())
	if err != nil {
		return err
	}
	if !enforced(i.node) {
		if err := i.widen(ctx, present, arrived); err != nil {
			return err
		}
	}
	if i.onChange == "ignore" {
		i.columns = namesOf(present)
		return nil
	}
	i.columns = namesOf(arrived)
	change := compareColumns(present, arrived)
	if change.empty() {
		return nil
	}
	if i.onChange == "fail" {
		return fmt.Errorf("the columns of %s changed, and on_schema_change is fail:%s\nhint: run with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns", i.target, change)
	}
	for _, sql := range i.alterations(change) {
		if _, err := i.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// alterations are the statements that make a table's columns the arriving ones,
// as far as on_schema_change wants it.
func (i *incremental) alterations(change columnChange) []string {
	table := "alter table " + i.target.String()
	var statements []string
	for _, c := range change.added {
		statements = append(statements, table+" add column "+i.dialect.Quote(c.Name)+" "+c.Type)
	}
	if i.onChange != "sync_all_columns" {
		return statements
	}
	for _, c := range change.removed {
		statements = append(statements, table+" drop column "+i.dialect.Quote(c.Name))
	}
	for _, c := range change.retyped {
		statements = append(statements, i.retype(c)...)
	}
	return statements
}

// retype gives a column another type. Where the database has no better way it
// is dbt's: a new column at the end of the table takes the old one's place.
func (i *incremental) retype(c warehouse.ResultColumn) []string {
	table := i.target.String()
	if i.dialect.AlterType != "" {
		return []string{"alter table " + table + " alter column " + i.dialect.Quote(c.Name) + i.dialect.AlterType + c.Type}
	}
	old, next := i.dialect.Quote(c.Name), i.dialect.Quote(i.dialect.Suffixed(c.Name, "__dbt_alter"))
	return []string{
		"alter table " + table + " add column " + next + " " + c.Type,
		"update " + table + " set " + next + " = " + old,
		"alter table " + table + " drop column " + old + i.dialect.DropCascade,
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
func (i *incremental) widen(ctx context.Context, present, arrived []warehouse.ResultColumn) error {
	for k, c := range present {
		from, ok := findColumn(arrived, c.Name)
		if !ok || textSize(c.Type) < 0 || textSize(from.Type) <= textSize(c.Type) {
			continue
		}
		present[k].Type = fmt.Sprintf("character varying(%d)", textSize(from.Type))
		for _, sql := range i.retype(present[k]) {
			if _, err := i.exec(ctx, sql); err != nil {
				return err
			}
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
