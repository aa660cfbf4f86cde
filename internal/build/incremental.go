package build

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The names under which predicates of a model may speak of the two tables.
const (
	destination = "DBT_INTERNAL_DEST"
	arriving    = "DBT_INTERNAL_SOURCE"
)

// incremental is a model whose table exists and receives more rows.
type incremental struct {
	*materialization
	strategy   string
	keys       []string
	predicates []string
	onChange   string
	columns    []string // written, in order
}

// planIncremental checks the configuration before anything is touched, also
// when the model has nothing to add to and is made as a table.
func (m *materialization) planIncremental(anew func(context.Context) error) (func(context.Context) error, error) {
	config := m.node.Config
	i := &incremental{
		materialization: m,
		strategy:        config.String("incremental_strategy"),
		keys:            config.UniqueKey(),
		predicates:      config.Strings("incremental_predicates"),
		onChange:        config.String("on_schema_change"),
	}
	if len(i.predicates) == 0 {
		i.predicates = config.Strings("predicates")
	}
	if i.strategy == "" || i.strategy == "default" {
		i.strategy = m.dialect.DefaultStrategy
		if len(i.keys) == 0 && i.strategy != "merge" {
			i.strategy = "append"
		}
	}
	strategies := []string{"append", "delete+insert"}
	if m.dialect.Merge {
		strategies = append(strategies, "merge")
	}
	if !slices.Contains(strategies, i.strategy) {
		return nil, fmt.Errorf("incremental_strategy: %s is not supported on %s\nhint: use %s in %s", i.strategy, m.dialect.Name, strings.Join(strategies, ", "), m.node.OriginalFilePath)
	}
	if i.onChange == "" {
		i.onChange = "ignore"
	}
	if changes := []string{"ignore", "fail", "append_new_columns", "sync_all_columns"}; !slices.Contains(changes, i.onChange) {
		return nil, fmt.Errorf("on_schema_change: %s is not one of %s", i.onChange, strings.Join(changes, ", "))
	}
	if m.fromNothing() {
		return anew, nil
	}
	m.kept = true
	return i.build, nil
}

// build puts the new rows into a temporary table, makes the columns agree and
// brings the rows over by the model's strategy.
func (i *incremental) build(ctx context.Context) error {
	temporary := i.dialect.Quote(i.dialect.Suffixed(i.target.Identifier, "__dbt_tmp"))
	if _, err := i.exec(ctx, i.header()+"create temporary table "+temporary+" as ("+i.sql+"\n)"); err != nil {
		return err
	}
	if err := i.agreeOnColumns(ctx, temporary); err != nil {
		return err
	}
	var rows int64
	var err error
	verb := i.dialect.InsertTag
	switch i.strategy {
	case "append":
		rows, err = i.insert(ctx, temporary)
	case "delete+insert":
		if len(i.keys) > 0 {
			if _, err := i.exec(ctx, i.deleteSQL(temporary)); err != nil {
				return err
			}
		}
		rows, err = i.insert(ctx, temporary)
	case "merge":
		verb = "MERGE"
		var sql string
		if sql, err = i.mergeSQL(temporary); err == nil {
			rows, err = i.exec(ctx, sql)
		}
	}
	if err != nil {
		return err
	}
	i.wrote(verb, rows)
	_, err = i.exec(ctx, "drop table "+temporary)
	return err
}

func (i *incremental) insert(ctx context.Context, from string) (int64, error) {
	columns := i.dialect.QuoteAll(i.columns)
	return i.exec(ctx, "insert into "+i.target.String()+" ("+columns+")\nselect "+columns+"\nfrom "+from)
}

// deleteSQL deletes the rows whose key arrives again. As in dbt, a row with
// NULL in its key is never found again and so stays.
func (i *incremental) deleteSQL(from string) string {
	named, same := make([]string, len(i.keys)), make([]string, len(i.keys))
	for k, key := range i.keys {
		// A key may be an expression, so what arrives gets a name of its own.
		named[k] = fmt.Sprintf("%s as dbt_key_%d", i.key(key), k)
		same[k] = fmt.Sprintf("%s.dbt_key_%d = %s", arriving, k, i.key(key))
	}
	return "delete from " + i.target.String() + " as " + destination +
		"\nusing (select distinct " + strings.Join(named, ", ") + " from " + from + ") as " + arriving +
		"\nwhere " + strings.Join(same, "\n    and ") + i.and(i.predicates)
}

func (i *incremental) mergeSQL(from string) (string, error) {
	update, err := i.updated()
	if err != nil {
		return "", err
	}
	on := []string{"false"}
	if len(i.keys) > 0 {
		keys := make([]string, len(i.keys))
		for k, key := range i.keys {
			keys[k] = i.key(key)
		}
		on = i.match(keys)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "merge into %s as %s\nusing %s as %s\non %s%s", i.target, destination, from, arriving, strings.Join(on, "\n    and "), i.and(i.predicates))
	if len(i.keys) > 0 && len(update) > 0 {
		sets := make([]string, len(update))
		for k, column := range update {
			sets[k] = column + " = " + arriving + "." + column
		}
		fmt.Fprintf(&b, "\nwhen matched then update set %s", strings.Join(sets, ", "))
	}
	values := make([]string, len(i.columns))
	for k, column := range i.columns {
		values[k] = arriving + "." + i.dialect.Quote(column)
	}
	fmt.Fprintf(&b, "\nwhen not matched then insert (%s) values (%s)", i.dialect.QuoteAll(i.columns), strings.Join(values, ", "))
	return b.String(), nil
}

// updated lists what a merge sets: merge_update_columns as they are written,
// else all columns but the excluded ones.
func (i *incremental) updated() ([]string, error) {
	only, except := i.node.Config.Strings("merge_update_columns"), i.node.Config.Strings("merge_exclude_columns")
	if len(only) > 0 && len(except) > 0 {
		return nil, fmt.Errorf("merge_update_columns and merge_exclude_columns exclude each other\nhint: keep one of them in %s", i.node.OriginalFilePath)
	}
	if len(only) > 0 {
		return only, nil
	}
	var columns []string
	for _, column := range i.columns {
		excluded := slices.ContainsFunc(except, func(e string) bool { return strings.EqualFold(e, column) })
		if !excluded {
			columns = append(columns, i.dialect.Quote(column))
		}
	}
	return columns, nil
}

// key is a unique key as SQL: the column it names, or the expression it is.
func (i *incremental) key(key string) string {
	for _, column := range i.columns {
		if strings.EqualFold(column, key) {
			return i.dialect.Quote(column)
		}
	}
	return key
}

func (i *incremental) match(keys []string) []string {
	conditions := make([]string, len(keys))
	for k, key := range keys {
		conditions[k] = arriving + "." + key + " = " + destination + "." + key
	}
	return conditions
}

func (i *incremental) and(predicates []string) string {
	var b strings.Builder
	for _, p := range predicates {
		b.WriteString("\n    and (" + p + ")")
	}
	return b.String()
}
