package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// The names under which predicates of a model may speak of the two tables.
const (
	destination = "DBT_INTERNAL_DEST"
	arriving    = "DBT_INTERNAL_SOURCE"
)

// upsert is what brings the rows of one table into another, in SQL.
type upsert struct {
	dialect        warehouse.Dialect
	target, source dbt.Relation
	keys           []string
	columns        []string // written, in order
	predicates     []string
}

func (u upsert) insertSQL() string {
	columns := u.dialect.QuoteAll(u.columns)
	return "insert into " + u.target.String() + " (" + columns + ")\nselect " + columns + "\nfrom " + u.source.String()
}

// deleteInsertSQL replaces the rows whose key arrives again. As in dbt, a row
// with NULL in its key is never found again and so stays.
func (u upsert) deleteInsertSQL() string {
	if len(u.keys) == 0 {
		return u.insertSQL()
	}
	named, same := make([]string, len(u.keys)), make([]string, len(u.keys))
	for k, key := range u.keys {
		// A key may be an expression, so what arrives gets a name of its own.
		named[k] = fmt.Sprintf("%s as dbt_key_%d", u.key(key), k)
		same[k] = fmt.Sprintf("%s.dbt_key_%d = %s", arriving, k, u.key(key))
	}
	return "delete from " + u.target.String() + " as " + destination +
		"\nusing (select distinct " + strings.Join(named, ", ") + " from " + u.source.String() + ") as " + arriving +
		"\nwhere " + strings.Join(same, "\n    and ") + u.and() + ";\n\n" + u.insertSQL()
}

func (u upsert) mergeSQL(update []string) string {
	on := []string{"false"}
	if len(u.keys) > 0 {
		on = on[:0]
		for _, key := range u.keys {
			on = append(on, arriving+"."+u.key(key)+" = "+destination+"."+u.key(key))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "merge into %s as %s\nusing %s as %s\non %s%s", u.target, destination, u.source, arriving, strings.Join(on, "\n    and "), u.and())
	if len(u.keys) > 0 && len(update) > 0 {
		sets := make([]string, len(update))
		for k, column := range update {
			sets[k] = column + " = " + arriving + "." + column
		}
		fmt.Fprintf(&b, "\nwhen matched then update set %s", strings.Join(sets, ", "))
	}
	values := make([]string, len(u.columns))
	for k, column := range u.columns {
		values[k] = arriving + "." + u.dialect.Quote(column)
	}
	fmt.Fprintf(&b, "\nwhen not matched then insert (%s) values (%s)", u.dialect.QuoteAll(u.columns), strings.Join(values, ", "))
	return b.String()
}

// key is a unique key as SQL: the column it names, or the expression it is.
func (u upsert) key(key string) string {
	for _, column := range u.columns {
		if strings.EqualFold(column, key) {
			return u.dialect.Quote(column)
		}
	}
	return key
}

func (u upsert) and() string {
	var b strings.Builder
	for _, p := range u.predicates {
		b.WriteString("\n    and (" + p + ")")
	}
	return b.String()
}

// updatedColumns are those that a merge sets, as SQL.
func updatedColumns(d warehouse.Dialect, only, except, columns []string) ([]string, error) {
	if len(only) > 0 && len(except) > 0 {
		return nil, errors.New("Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config") //nolint:staticcheck // dbt's words
	}
	if len(only) > 0 {
		return only, nil
	}
	var updated []string
	for _, column := range columns {
		excluded := slices.ContainsFunc(except, func(e string) bool { return strings.EqualFold(e, column) })
		if !excluded {
			updated = append(updated, d.Quote(column))
		}
	}
	return updated, nil
}
