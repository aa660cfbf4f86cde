package build

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// model materializes a model. Everything between the hooks that stand outside
// is one transaction: readers see the relation of before or the one of after,
// and a failure leaves the one of before. What was replaced is dropped when the
// transaction is over: its dependants are locked by their readers, who must not
// be waited for with the new relation in hand.
func (r *run) model(ctx context.Context, s *session, result *Result) error {
	m, err := r.newMaterialization(ctx, s, result)
	if err != nil {
		return err
	}
	return m.materialize(ctx)
}

func (m *materialization) materialize(ctx context.Context) error {
	if m.foreignKeys[m.node.UniqueID] {
		m.keys.Lock()
		defer m.keys.Unlock()
	}
	build, err := m.plan(ctx)
	if err != nil {
		return err
	}
	if err := m.hooks(ctx, m.node.Config.PreHooks(), false); err != nil {
		return err
	}
	if err := m.dropLeftovers(ctx); err != nil {
		return err
	}
	if build != nil {
		if err := m.session.transact(ctx, func(ctx context.Context) error { return m.transaction(ctx, build) }); err != nil {
			return err
		}
		m.cache.put(m.target)
	}
	if m.backup != nil {
		if err := m.dropRelation(ctx, *m.backup); err != nil {
			return err
		}
		m.cache.dropOver(m.target)
	}
	return m.hooks(ctx, m.node.Config.PostHooks(), false)
}

// transaction is the order of the steps that readers see as one. dbt's table
// runs its hooks before grants and comments, everything else after them.
func (m *materialization) transaction(ctx context.Context, build func(context.Context) error) error {
	if err := m.hooks(ctx, m.node.Config.PreHooks(), true); err != nil {
		return err
	}
	if err := build(ctx); err != nil {
		return err
	}
	if m.kind != "table" {
		if err := m.describe(ctx); err != nil {
			return err
		}
	}
	if err := m.hooks(ctx, m.node.Config.PostHooks(), true); err != nil || m.kind != "table" {
		return err
	}
	return m.describe(ctx)
}

// describe says who may read the relation and what it is.
func (m *materialization) describe(ctx context.Context) error {
	if err := m.grant(ctx); err != nil {
		return err
	}
	return m.step(ctx, "persist_docs", func() error {
		return m.commentOn(ctx, m.target, true, true)
	}, m.target, m.node)
}

// grant tells the macros of a project also of nodes that configure no grants.
func (m *materialization) grant(ctx context.Context) error {
	configured, _ := m.node.Config.Get("grants")
	revoke := m.kept || m.existing != nil && m.copiesGrants(ctx)
	return m.step(ctx, "apply_grants", func() error {
		return m.applyGrants(ctx, m.target, revoke)
	}, m.target, configured, revoke)
}

// copiesGrants asks whether the new relation may have what was granted on the
// old one; only a project's own macro says so.
func (m *materialization) copiesGrants(ctx context.Context) bool {
	if m.Project.Replaced(m.node, "copy_grants") == nil {
		return false
	}
	copied, err := m.call(ctx, "copy_grants")
	return err == nil && jinja.Truth(copied)
}

// materialization is one model on its way into the warehouse.
type materialization struct {
	*run
	session  *session
	result   *Result
	node     *dbt.Node
	kind     string       // view, table, incremental, materialized_view
	target   dbt.Relation // with the type it will have
	existing *dbt.Relation
	backup   *dbt.Relation // what was replaced, until it is dropped
	kept     bool          // the existing relation stays, with what was granted on it
	sql      string
	ahead    string // the table of the session that has the rows of sql already

	templates *dbt.Templates // made when they are first asked
}

func (r *run) newMaterialization(ctx context.Context, s *session, result *Result) (*materialization, error) {
	n := result.Node
	m := &materialization{
		run: r, session: s, result: result, node: n,
		kind: n.Config.Materialized(), target: r.Project.Relation(n), sql: result.CompiledCode,
	}
	switch m.kind {
	case "view":
		m.target.Type = dbt.ViewRelation
	case "materialized_view":
		m.target.Type = dbt.MaterializedView
	default:
		m.target.Type = dbt.TableRelation
	}
	if limit := r.dialect.IdentifierBytesMax; limit > 0 && len(m.target.Identifier) > limit {
		return nil, raised("Relation name '%s' is longer than %d characters\nhint: set a shorter alias in %s", m.target.Identifier, limit, n.OriginalFilePath)
	}
	found, ok, err := r.cache.lookup(ctx, s, m.target)
	if err != nil {
		return nil, err
	}
	if ok {
		m.existing = &found
	}
	return m, nil
}

// plan chooses how the model is built; nil when nothing is to be done.
func (m *materialization) plan(ctx context.Context) (func(context.Context) error, error) {
	switch {
	case m.kind == "materialized_view":
		return m.planMaterializedView(ctx)
	case m.kind == "view":
		return m.view, nil
	case m.kind == "table":
		return m.table, nil
	default:
		return m.planIncremental(m.table)
	}
}

// fromNothing reports an incremental model that is built as a table.
func (m *materialization) fromNothing() bool {
	return m.existing == nil || m.existing.Type != dbt.TableRelation || m.fullRefresh()
}

func (m *materialization) fullRefresh() bool { return m.run.fullRefresh(m.node) }

// fullRefresh is the node's own setting, which beats the command line's. Of a
// microbatch model it is for the first batch.
func (r *run) fullRefresh(n *dbt.Node) bool {
	if n.Batch != nil && n.Batch.Incremental {
		return false
	}
	if own, set := n.Config.FullRefresh(); set {
		return own
	}
	return r.FullRefresh
}

func (m *materialization) exec(ctx context.Context, sql string) (warehouse.Result, error) {
	return m.session.exec(ctx, sql)
}

// main runs the statement whose answer is the node's.
func (m *materialization) main(ctx context.Context, sql string) error {
	said, err := m.exec(ctx, sql)
	if err == nil {
		m.answered(said)
	}
	return err
}

func (m *materialization) view(ctx context.Context) error {
	return m.replace(ctx, "get_create_view_as_sql", func(ctx context.Context, into dbt.Relation) error {
		sql, err := m.createView(ctx, into, m.sql)
		if err != nil {
			return err
		}
		err = m.main(ctx, sql)
		m.result.Rows = -1
		return err
	})
}

func (m *materialization) table(ctx context.Context) error {
	return m.replace(ctx, m.tableMacro(), func(ctx context.Context, into dbt.Relation) error {
		sql, err := m.createTable(ctx, false, into, m.sql)
		if err != nil {
			return err
		}
		return m.main(ctx, sql)
	})
}

func (m *materialization) header() string {
	if header := m.node.Config.String("sql_header"); header != "" {
		return header + "\n"
	}
	return ""
}

func (m *materialization) unlogged() string {
	if on, _ := m.node.Config.Bool("unlogged"); on && m.dialect.Unlogged {
		return " unlogged"
	}
	return ""
}

// answered records what the database said of the node's statement.
func (m *materialization) answered(said warehouse.Result) {
	m.result.Rows = said.Rows
	m.result.Response = cmp.Or(said.Tag, "OK")
}

// said is how dbt words what the database did: "SELECT 5", or OK where the
// database has no words for it.
func (r *run) said(verb string, rows int64) string {
	if r.dialect.InsertTag == "" {
		return "OK"
	}
	return fmt.Sprintf("%s %d", verb, rows)
}

// replace has a relation made and put in the place of the existing one. A
// table gets its indexes before it is seen, unless they would pin its name.
// dbt renames also what replaces nothing, save for incremental models, and
// macros of the project's could tell.
func (m *materialization) replace(ctx context.Context, macro string, write func(ctx context.Context, into dbt.Relation) error) error {
	if err := m.yieldKeys(ctx); err != nil {
		return err
	}
	built := m.target
	if m.existing != nil || m.kind != "incremental" && (m.Project.Replaced(m.node, macro) != nil || m.Project.Replaced(m.node, "rename_relation") != nil) {
		built = m.beside("__dbt_tmp", m.target.Type)
	}
	if err := write(ctx, built); err != nil {
		return err
	}
	if err := m.dropAhead(ctx); err != nil {
		return err
	}
	if !m.dialect.IndexesPinTables {
		if err := m.index(ctx, built); err != nil {
			return err
		}
	}
	if m.existing != nil {
		if err := m.setAside(ctx); err != nil {
			return err
		}
	}
	if built != m.target {
		if err := m.rename(ctx, built, m.target); err != nil {
			return err
		}
	}
	if m.dialect.IndexesPinTables {
		return m.index(ctx, m.target)
	}
	return nil
}

func (m *materialization) index(ctx context.Context, r dbt.Relation) error {
	if r.Type != dbt.TableRelation {
		return nil
	}
	return m.step(ctx, "create_indexes", func() error {
		return m.createIndexes(ctx, m.session, m.node, r)
	}, r)
}

// setAside renames the existing relation away, to be dropped in the end. A
// view may be gone by now: with a relation it stood on.
func (m *materialization) setAside(ctx context.Context) error {
	backup := m.beside("__dbt_backup", m.existing.Type)
	m.backup = &backup
	if m.dialect.IndexesPinTables && m.existing.Type == dbt.TableRelation {
		if err := m.dropIndexes(ctx, *m.existing); err != nil {
			return err
		}
	}
	return m.rename(ctx, *m.existing, backup)
}

// beside is a relation in the target's schema with a suffix to its name.
func (m *materialization) beside(suffix string, kind dbt.RelationType) dbt.Relation {
	relation := m.target
	relation.Identifier = m.dialect.Suffixed(m.target.Identifier, suffix)
	relation.Type = kind
	return relation
}

// dropLeftovers removes what a run may have left that was killed before it had
// dropped what it replaced, or another dbt anywhere.
func (m *materialization) dropLeftovers(ctx context.Context) error {
	for _, suffix := range []string{"__dbt_tmp", "__dbt_backup"} {
		found, ok, err := m.cache.lookup(ctx, m.session, m.beside(suffix, ""))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := m.dropRelation(ctx, found); err != nil {
			return err
		}
		m.cache.drop(found)
	}
	return nil
}

func (m *materialization) dropRelation(ctx context.Context, r dbt.Relation) error {
	return m.step(ctx, "drop_relation", func() error {
		_, err := m.exec(ctx, m.dropSQL(r))
		return err
	}, r)
}

func (r *run) dropSQL(relation dbt.Relation) string {
	return "drop " + words(relation.Type) + " if exists " + relation.String() + r.dialect.DropCascade
}

func (m *materialization) rename(ctx context.Context, from, to dbt.Relation) error {
	return m.step(ctx, "rename_relation", func() error {
		_, err := m.exec(ctx, m.renameSQL(from, to.Identifier))
		return err
	}, from, to)
}

func (r *run) renameSQL(from dbt.Relation, name string) string {
	return "alter " + words(from.Type) + " if exists " + from.String() + " rename to " + r.dialect.Quote(name)
}

// words is a relation's type in SQL.
func words(t dbt.RelationType) string {
	return strings.ReplaceAll(string(cmp.Or(t, dbt.TableRelation)), "_", " ")
}
