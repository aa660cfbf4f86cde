package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// snapshot keeps the history of what a query returns: a row that changed is
// closed and its new version added, both in one transaction.
func (r *run) snapshot(ctx context.Context, s *session, result *Result) error {
	h, err := r.newHistory(ctx, s, result)
	if err != nil {
		return err
	}
	if err := h.hooks(ctx, h.node.Config.PreHooks(), false); err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context) error {
		if err := h.hooks(ctx, h.node.Config.PreHooks(), true); err != nil {
			return err
		}
		if err := h.write(ctx); err != nil {
			return err
		}
		if err := h.describe(ctx); err != nil {
			return err
		}
		if h.existing == nil {
			if err := h.index(ctx, h.target); err != nil {
				return err
			}
		}
		return h.hooks(ctx, h.node.Config.PostHooks(), true)
	})
	if err != nil {
		return err
	}
	r.cache.put(h.target)
	return h.hooks(ctx, h.node.Config.PostHooks(), false)
}

// history is one snapshot on its way into the warehouse.
type history struct {
	*materialization
	snapshotStrategy
	names   map[string]string // of the columns that dbt adds, quoted by nobody
	current string            // what valid_to holds of rows that are valid
	now     string
	// reborn is the scd_id of the row that says of another it was deleted.
	reborn  string
	present []warehouse.ResultColumn // of the table
}

// snapshotStrategy is what a strategy macro returned.
type snapshotStrategy struct {
	keys        []string
	updatedAt   string
	rowChanged  string
	scdID       string
	hardDeletes string // ignore, invalidate or new_record
	returned    any    // all of it, for the macros that want it
}

func (r *run) newHistory(ctx context.Context, s *session, result *Result) (*history, error) {
	m, err := r.newMaterialization(ctx, s, result)
	if err != nil {
		return nil, err
	}
	if m.existing != nil && m.existing.Type != dbt.TableRelation {
		return nil, fmt.Errorf("%s is a %s, and a snapshot needs a table\nhint: drop the %s, or give the snapshot another alias in %s",
			m.target, m.existing.Type, m.existing.Type, m.node.OriginalFilePath)
	}
	m.kept = m.existing != nil
	h := &history{materialization: m}
	if err := h.learnNames(ctx); err != nil {
		return nil, err
	}
	return h, h.strategy(ctx)
}

// learnNames asks the macros for what the strategy does not say.
func (h *history) learnNames(ctx context.Context) error {
	h.current = h.node.Config.String("dbt_valid_to_current")
	names, err := h.call(ctx, "get_snapshot_table_column_names")
	if err != nil {
		return err
	}
	h.names = texts(names)
	if h.now, err = h.callText(ctx, "snapshot_get_time"); err != nil {
		return err
	}
	h.reborn, err = h.callText(ctx, "snapshot_hash_arguments", []any{"snapshotted_data." + h.names["dbt_scd_id"], h.now})
	return err
}

func (m *materialization) callText(ctx context.Context, macro string, args ...any) (string, error) {
	v, err := m.call(ctx, macro, args...)
	return strings.TrimSpace(jinja.Str(v)), err
}

// texts reads a mapping of names that a macro returned.
func texts(v any) map[string]string {
	named, _ := jinja.ToGo(v).(map[string]any)
	out := make(map[string]string, len(named))
	for name, text := range named {
		out[name] = jinja.Str(jinja.FromGo(text))
	}
	return out
}

// strategy calls the macro of the configured strategy: dbt's, or the project's
// own. A package's is named package.strategy.
func (h *history) strategy(ctx context.Context) error {
	name := h.node.Config.String("strategy")
	macro := "snapshot_" + name + "_strategy"
	if pkg, own, dotted := strings.Cut(name, "."); dotted {
		macro = pkg + ".snapshot_" + own + "_strategy"
	}
	returned, err := h.call(ctx, macro, h.node, "snapshotted_data", "source_data", h.node.Config, h.existing != nil)
	if err != nil {
		return err
	}
	if _, ok := returned.(*jinja.Dict); !ok {
		return fmt.Errorf("the macro %s returned no mapping", macro)
	}
	h.snapshotStrategy, err = readStrategy(returned)
	return err
}

func readStrategy(returned any) (snapshotStrategy, error) {
	named, _ := jinja.ToGo(returned).(map[string]any)
	text := texts(returned)
	strategy := snapshotStrategy{
		updatedAt: text["updated_at"], rowChanged: text["row_changed"], scdID: text["scd_id"], hardDeletes: text["hard_deletes"],
		returned: returned,
	}
	switch key := named["unique_key"].(type) {
	case string:
		strategy.keys = []string{key}
	case []any:
		for _, k := range key {
			strategy.keys = append(strategy.keys, fmt.Sprint(k))
		}
	}
	if len(strategy.keys) == 0 {
		return snapshotStrategy{}, errors.New("the snapshot has no unique_key")
	}
	if named["hard_deletes"] == nil {
		strategy.hardDeletes = "ignore"
		if named["invalidate_hard_deletes"] == true {
			strategy.hardDeletes = "invalidate"
		}
	}
	return strategy, nil
}

func (h *history) write(ctx context.Context) error {
	if h.existing == nil {
		return h.begin(ctx)
	}
	if err := h.checkTarget(ctx); err != nil {
		return err
	}
	staged, err := h.stage(ctx)
	if err != nil {
		return err
	}
	written, err := h.addColumns(ctx, staged)
	if err != nil {
		return err
	}
	sql, err := h.text(ctx, "snapshot_merge_sql", func() (string, error) {
		return h.mergeSQL(staged, written), nil
	}, h.target, staged, written)
	if err != nil {
		return err
	}
	if err := h.main(ctx, sql); err != nil {
		return err
	}
	return h.step(ctx, "post_snapshot", func() error {
		_, err := h.exec(ctx, "drop table "+staged.String())
		return err
	}, staged)
}

// begin makes the table of a snapshot's first run.
func (h *history) begin(ctx context.Context) error {
	query, err := h.text(ctx, "build_snapshot_table", func() (string, error) { return h.first(h.sql), nil }, h.returned, h.sql)
	if err != nil {
		return err
	}
	sql, err := h.createTable(ctx, false, h.target, query)
	if err != nil {
		return err
	}
	return h.main(ctx, sql)
}

// stage makes the table that says what is to be done.
func (h *history) stage(ctx context.Context) (dbt.Relation, error) {
	if h.Project.Replaced(h.node, "build_snapshot_staging_table") != nil {
		returned, err := h.call(ctx, "build_snapshot_staging_table", h.returned, h.sql, h.target)
		if err != nil {
			return dbt.Relation{}, err
		}
		staged, ok := dbt.RelationOf(returned)
		if !ok {
			return dbt.Relation{}, fmt.Errorf("build_snapshot_staging_table returned %s where a relation is expected", jinja.Repr(returned))
		}
		return staged, nil
	}
	query, err := h.stagingSQL(ctx, h.sql)
	if err != nil {
		return dbt.Relation{}, err
	}
	staged := h.temporary()
	sql, err := h.createTableSQL(ctx, true, staged, query)
	if err != nil {
		return dbt.Relation{}, err
	}
	_, err = h.exec(ctx, sql)
	return staged, err
}

// stagingSQL compares a query with the table.
func (h *history) stagingSQL(ctx context.Context, sql string) (string, error) {
	columns, err := h.session.columns(ctx, "(\n"+sql+"\n) as snapshot_query")
	return h.staging(sql, columns), err
}

// first is the query of a snapshot's first run: every row is valid.
func (h *history) first(sql string) string {
	deleted := ""
	if h.hardDeletes == "new_record" {
		deleted = ",\n    'False' as " + h.names["dbt_is_deleted"]
	}
	return "select\n    *,\n    " + h.scdID + " as " + h.names["dbt_scd_id"] +
		",\n    " + h.stamps(h.updatedAt, h.open()) + deleted + "\nfrom (\n" + sql + "\n) as snapshot_query"
}

// open is valid_to of a row that is valid, in the type of updated_at.
func (h *history) open() string {
	current := h.current
	if current == "" {
		current = "null"
	}
	return "coalesce(nullif(" + h.updatedAt + ", " + h.updatedAt + "), " + current + ")"
}

func (h *history) stamps(from, to string) string {
	return from + " as " + h.names["dbt_updated_at"] + ",\n    " + from + " as " + h.names["dbt_valid_from"] +
		",\n    " + to + " as " + h.names["dbt_valid_to"]
}

// isOpen is the condition under which a row of a table is valid.
func (h *history) isOpen(table string) string {
	to := table + h.names["dbt_valid_to"]
	if h.current == "" {
		return to + " is null"
	}
	return "(" + to + " = " + h.current + " or " + to + " is null)"
}

// checkTarget refuses a table that is no snapshot, or not one of this kind.
func (h *history) checkTarget(ctx context.Context) error {
	var err error
	if h.present, err = h.session.columns(ctx, h.target.String()); err != nil {
		return err
	}
	wanted := []string{"dbt_scd_id", "dbt_valid_from", "dbt_valid_to"}
	if h.hardDeletes == "new_record" {
		wanted = append(wanted, "dbt_is_deleted")
	}
	for _, name := range wanted {
		if !h.has(h.names[name]) {
			return fmt.Errorf("the snapshot's table %s has no column %s\nhint: is it another table, or was the snapshot configured otherwise when it was made?", h.target, h.names[name])
		}
	}
	return nil
}

func (h *history) has(column string) bool {
	return slices.ContainsFunc(h.present, func(c warehouse.ResultColumn) bool { return strings.EqualFold(c.Name, column) })
}

// addColumns gives the table what the query has learned to return; nothing is
// ever dropped from a history. It returns the columns that are written, quoted.
func (h *history) addColumns(ctx context.Context, staged dbt.Relation) ([]string, error) {
	arriving, err := h.session.columns(ctx, staged.String())
	if err != nil {
		return nil, err
	}
	written := slices.DeleteFunc(arriving, func(c warehouse.ResultColumn) bool {
		return strings.EqualFold(c.Name, "dbt_change_type") || strings.HasPrefix(strings.ToLower(c.Name), "dbt_unique_key")
	})
	added := columnChange{added: compareColumns(h.present, written).added}
	if len(added.added) > 0 {
		err = h.step(ctx, "create_columns", func() error { return h.alter(ctx, h.alterations(h.target, added)) }, h.target, columnsOf(added.added))
	}
	quoted := make([]string, len(written))
	for i, c := range written {
		quoted[i] = h.dialect.Quote(c.Name)
	}
	return quoted, err
}

// mergeSQL ends the validity of what changed or is gone, and adds what is new.
func (h *history) mergeSQL(staged dbt.Relation, written []string) string {
	id, to := h.names["dbt_scd_id"], h.names["dbt_valid_to"]
	list := strings.Join(written, ", ")
	return "update " + h.target.String() + " as " + destination +
		"\nset " + to + " = " + arriving + "." + to +
		"\nfrom " + staged.String() + " as " + arriving +
		"\nwhere " + arriving + "." + id + " = " + destination + "." + id +
		"\n    and " + arriving + ".dbt_change_type in ('update', 'delete')" +
		"\n    and " + h.isOpen(destination+".") +
		";\n\ninsert into " + h.target.String() + " (" + list + ")\nselect " + list + "\nfrom " + staged.String() +
		"\nwhere dbt_change_type = 'insert'"
}
