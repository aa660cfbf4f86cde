package build

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// incremental is a model whose table exists and receives more rows.
type incremental struct {
	*materialization
	strategy string // dbt's own, or default
	macro    string // that writes the strategy's SQL
	own      bool   // a macro on the way is not dbt's
	onChange string
	rows     upsert
}

// planIncremental checks the configuration before anything is touched, also
// when the model has nothing to add to and is made as a table.
func (m *materialization) planIncremental(anew func(context.Context) error) (func(context.Context) error, error) {
	config := m.node.Config
	i := &incremental{materialization: m, onChange: config.String("on_schema_change")}
	i.rows = upsert{dialect: m.dialect, target: m.target, keys: config.UniqueKey(), predicates: config.Strings("predicates")}
	if len(i.rows.predicates) == 0 {
		i.rows.predicates = config.Strings("incremental_predicates")
	}
	if !slices.Contains([]string{"fail", "append_new_columns", "sync_all_columns"}, i.onChange) {
		if i.onChange != "" && i.onChange != "ignore" {
			m.warn(fmt.Sprintf("%s: on_schema_change: %s is none of ignore, fail, append_new_columns, sync_all_columns and is taken for ignore", m.node.OriginalFilePath, i.onChange))
		}
		i.onChange = "ignore"
	}
	// dbt-duckdb asks what the strategy is when there is a table to add to.
	if m.dialect.Name == "duckdb" && m.fromNothing() {
		return anew, nil
	}
	var err error
	if i.strategy, i.macro, err = m.incrementalStrategy(config.String("incremental_strategy")); err != nil {
		return nil, err
	}
	if m.fromNothing() {
		return anew, nil
	}
	i.own = m.Project.Replaced(m.node, i.macro) != nil || m.Project.Replaced(m.node, "process_schema_changes") != nil
	m.kept = true
	return i.build, nil
}

// incrementalStrategy is a configured strategy and its macro: one of dbt's, or
// one that the project or a package defines.
func (m *materialization) incrementalStrategy(strategy string) (name, macro string, err error) {
	strategy = cmp.Or(strategy, "default")
	macro = "get_incremental_" + strings.ReplaceAll(strategy, "+", "_") + "_sql"
	builtin := []string{"append", "delete+insert", "merge", "insert_overwrite", "microbatch"}
	if slices.Contains(builtin, strategy) && !slices.Contains(m.validStrategies(), strategy) {
		return "", "", raised("The incremental strategy '%s' is not valid for this adapter\nhint: use %s in %s", strategy, strings.Join(m.validStrategies(), ", "), m.node.OriginalFilePath)
	}
	if !m.Project.Sees(m.node, macro) {
		return "", "", raised("dbt could not find an incremental strategy macro with the name %q in %s", macro, m.Project.Name)
	}
	return strategy, macro, nil
}

// validStrategies are those of dbt's own that the database can carry out.
func (r *run) validStrategies() []string {
	strategies := []string{"append", "delete+insert"}
	if r.dialect.Merge {
		strategies = append(strategies, "merge", "microbatch")
	}
	return strategies
}

// build puts the new rows into a temporary table, makes the columns agree and
// brings the rows over by the model's strategy.
func (i *incremental) build(ctx context.Context) error {
	temporary := i.temporary()
	sql, err := i.createTable(ctx, true, temporary, i.sql)
	if err != nil {
		return err
	}
	if _, err := i.exec(ctx, sql); err != nil {
		return err
	}
	if err := i.agreeOnColumns(ctx, temporary); err != nil {
		return err
	}
	if sql, err = i.strategySQL(ctx, temporary); err != nil {
		return err
	}
	if err := i.main(ctx, sql); err != nil {
		return err
	}
	_, err = i.exec(ctx, "drop table "+temporary.String())
	return err
}

// temporary is a table of the session's own, for the target.
func (m *materialization) temporary() dbt.Relation {
	return dbt.Relation{
		Identifier: m.dialect.Suffixed(m.target.Identifier, "__dbt_tmp"), Type: dbt.TableRelation, Quote: quoteAll,
	}
}

// strategySQL is what the strategy's macro writes, or what it would.
func (i *incremental) strategySQL(ctx context.Context, temporary dbt.Relation) (string, error) {
	if i.own || i.strategy == "merge" && i.dialect.MergeClauses {
		return i.ownStrategy(ctx, temporary)
	}
	u := i.rows
	u.source = temporary
	switch i.strategy {
	case "append":
		return u.insertSQL(), nil
	case "microbatch":
		if err := i.checkBatch(u.keys); err != nil {
			return "", err
		}
		if !i.dialect.BatchesMerge {
			return u.replaceBatchSQL(i.node), nil
		}
		fallthrough
	case "merge":
		update, err := i.updated(u.columns)
		return u.mergeSQL(update), err
	default:
		return u.deleteInsertSQL(), nil
	}
}

func (i *incremental) ownStrategy(ctx context.Context, temporary dbt.Relation) (string, error) {
	columns, err := i.agreed(ctx, temporary)
	if err != nil {
		return "", err
	}
	predicates := any(nil)
	if len(i.rows.predicates) > 0 {
		predicates = i.rows.predicates
	}
	key, _ := i.node.Config.Get("unique_key")
	sql, err := i.call(ctx, i.macro, map[string]any{
		"target_relation": i.target, "temp_relation": temporary, "unique_key": key,
		"dest_columns": columns, "incremental_predicates": predicates,
	})
	return jinja.Str(sql), err
}

// updated lists what a merge sets: merge_update_columns as they are written,
// else all columns but the excluded ones.
func (m *materialization) updated(columns []string) ([]string, error) {
	return updatedColumns(m.dialect, m.node.Config.Strings("merge_update_columns"), m.node.Config.Strings("merge_exclude_columns"), columns)
}
