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
			if err := h.createIndexes(ctx, h.session, h.node, h.target); err != nil {
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
	h := &history{materialization: m, current: m.node.Config.String("dbt_valid_to_current")}
	running := r.running(s, m.node)
	names, err := r.Project.Call(ctx, running, "get_snapshot_table_column_names")
	if err != nil {
		return nil, err
	}
	h.names = texts(names)
	if h.now, err = r.callText(ctx, running, "snapshot_get_time"); err != nil {
		return nil, err
	}
	hashed := []any{"snapshotted_data." + h.names["dbt_scd_id"], h.now}
	if h.reborn, err = r.callText(ctx, running, "snapshot_hash_arguments", hashed); err != nil {
		return nil, err
	}
	h.snapshotStrategy, err = h.strategy(ctx, running)
	return h, err
}

func (r *run) callText(ctx context.Context, running dbt.Running, macro string, args ...any) (string, error) {
	v, err := r.Project.Call(ctx, running, macro, args...)
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
func (h *history) strategy(ctx context.Context, running dbt.Running) (snapshotStrategy, error) {
	name := h.node.Config.String("strategy")
	macro := "snapshot_" + name + "_strategy"
	if pkg, own, dotted := strings.Cut(name, "."); dotted {
		macro = pkg + ".snapshot_" + own + "_strategy"
	}
	returned, err := h.Project.Call(ctx, running, macro, h.node, "snapshotted_data", "source_data", h.node.Config, h.existing != nil)
	if err != nil {
		return snapshotStrategy{}, err
	}
	named, ok := jinja.ToGo(returned).(map[string]any)
	if !ok {
		return snapshotStrategy{}, fmt.Errorf("the macro %s returned no mapping", macro)
	}
	text := texts(returned)
	strategy := snapshotStrategy{
		updatedAt: text["updated_at"], rowChanged: text["row_changed"], scdID: text["scd_id"], hardDeletes: text["hard_deletes"],
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
		rows, err := h.exec(ctx, h.header()+"create table "+h.target.String()+" as (\n"+h.first()+"\n)")
		h.wrote("SELECT", rows)
		return err
	}
	if err := h.checkTarget(ctx); err != nil {
		return err
	}
	columns, err := h.session.columns(ctx, "(\n"+h.sql+"\n) as snapshot_query")
	if err != nil {
		return err
	}
	staged := h.dialect.Quote(h.dialect.Suffixed(h.target.Identifier, "__dbt_tmp"))
	if _, err := h.exec(ctx, h.header()+"create temporary table "+staged+" as (\n"+h.staging(columns)+"\n)"); err != nil {
		return err
	}
	added, err := h.addColumns(ctx, staged)
	if err != nil {
		return err
	}
	if _, err := h.exec(ctx, h.closeSQL(staged)); err != nil {
		return err
	}
	list := h.dialect.QuoteAll(added)
	rows, err := h.exec(ctx, "insert into "+h.target.String()+" ("+list+")\nselect "+list+"\nfrom "+staged+"\nwhere dbt_change_type = 'insert'")
	if err != nil {
		return err
	}
	h.wrote(h.dialect.InsertTag, rows)
	_, err = h.exec(ctx, "drop table "+staged)
	return err
}

// first is the query of a snapshot's first run: every row is valid.
func (h *history) first() string {
	deleted := ""
	if h.hardDeletes == "new_record" {
		deleted = ",\n    'False' as " + h.names["dbt_is_deleted"]
	}
	return "select\n    *,\n    " + h.scdID + " as " + h.names["dbt_scd_id"] +
		",\n    " + h.stamps(h.updatedAt, h.open()) + deleted + "\nfrom (\n" + h.sql + "\n) as snapshot_query"
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
// ever dropped from a history. It returns the columns that are written.
func (h *history) addColumns(ctx context.Context, staged string) ([]string, error) {
	arriving, err := h.session.columns(ctx, staged)
	if err != nil {
		return nil, err
	}
	written := slices.DeleteFunc(arriving, func(c warehouse.ResultColumn) bool { return strings.EqualFold(c.Name, "dbt_change_type") })
	for _, c := range compareColumns(h.present, written).added {
		if _, err := h.exec(ctx, "alter table "+h.target.String()+" add column "+h.dialect.Quote(c.Name)+" "+c.Type); err != nil {
			return nil, err
		}
	}
	return namesOf(written), nil
}

// closeSQL ends the validity of what changed or is gone.
func (h *history) closeSQL(staged string) string {
	id, to := h.names["dbt_scd_id"], h.names["dbt_valid_to"]
	return "update " + h.target.String() + " as " + destination +
		"\nset " + to + " = " + arriving + "." + to +
		"\nfrom " + staged + " as " + arriving +
		"\nwhere " + arriving + "." + id + " = " + destination + "." + id +
		"\n    and " + arriving + ".dbt_change_type in ('update', 'delete')" +
		"\n    and " + h.isOpen(destination+".")
}
