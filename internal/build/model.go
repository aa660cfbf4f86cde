package build

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// model materializes a model. Everything between the hooks that stand outside
// is one transaction: readers see the relation of before or the one of after,
// and a failure leaves the one of before.
func (r *run) model(ctx context.Context, s *session, result *Result) error {
	m, err := r.newMaterialization(ctx, s, result)
	if err != nil {
		return err
	}
	build, err := m.plan()
	if err != nil {
		return err
	}
	if err := m.hooks(ctx, m.node.Config.PreHooks(), false); err != nil {
		return err
	}
	if err := m.dropLeftovers(ctx); err != nil {
		return err
	}
	err = s.transact(ctx, func(ctx context.Context) error {
		if err := m.hooks(ctx, m.node.Config.PreHooks(), true); err != nil {
			return err
		}
		if err := build(ctx); err != nil {
			return err
		}
		// dbt's table runs its hooks before the comments, view and
		// incremental after them.
		if m.kind == "table" {
			if err := m.hooks(ctx, m.node.Config.PostHooks(), true); err != nil {
				return err
			}
			return m.persistDocs(ctx)
		}
		if err := m.persistDocs(ctx); err != nil {
			return err
		}
		return m.hooks(ctx, m.node.Config.PostHooks(), true)
	})
	if err != nil {
		return err
	}
	r.cache.put(m.target)
	return m.hooks(ctx, m.node.Config.PostHooks(), false)
}

// materialization is one model on its way into the warehouse.
type materialization struct {
	*run
	session  *session
	result   *Result
	node     *dbt.Node
	kind     string       // view, table, incremental
	target   dbt.Relation // with the type it will have
	existing *dbt.Relation
	sql      string
}

func (r *run) newMaterialization(ctx context.Context, s *session, result *Result) (*materialization, error) {
	n := result.Node
	m := &materialization{
		run: r, session: s, result: result, node: n,
		kind: n.Config.Materialized(), target: r.Project.Relation(n), sql: result.CompiledCode,
	}
	m.target.Type = dbt.TableRelation
	if m.kind == "view" {
		m.target.Type = dbt.ViewRelation
	}
	if limit := r.dialect.IdentifierBytesMax; limit > 0 && len(m.target.Identifier) > limit {
		return nil, fmt.Errorf("relation name %q is longer than %d characters\nhint: set a shorter alias in %s", m.target.Identifier, limit, n.OriginalFilePath)
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

// plan chooses how the model is built.
func (m *materialization) plan() (func(context.Context) error, error) {
	if enforced(m.node) {
		return m.planContract()
	}
	switch {
	case m.kind == "view":
		return m.view, nil
	case m.kind == "table" || m.fromNothing():
		return m.table, nil
	default:
		return m.planIncremental()
	}
}

// fromNothing reports an incremental model that is built as a table.
func (m *materialization) fromNothing() bool {
	return m.existing == nil || m.existing.Type != dbt.TableRelation || m.fullRefresh()
}

// fullRefresh is the node's own setting, which beats the command line's.
func (m *materialization) fullRefresh() bool {
	if own, set := m.node.Config.FullRefresh(); set {
		return own
	}
	return m.FullRefresh
}

func (m *materialization) hooks(ctx context.Context, hooks []dbt.Hook, inside bool) error {
	return m.runModelHooks(ctx, m.session, m.node, hooks, inside)
}

func (m *materialization) exec(ctx context.Context, sql string) (int64, error) {
	return m.session.exec(ctx, sql)
}

func (m *materialization) view(ctx context.Context) error {
	m.result.Response = "CREATE VIEW"
	return m.replace(ctx, func(ctx context.Context, into dbt.Relation, create string) error {
		_, err := m.exec(ctx, m.header()+create+" view "+into.String()+" as ("+m.sql+"\n)")
		return err
	})
}

func (m *materialization) table(ctx context.Context) error {
	return m.replace(ctx, func(ctx context.Context, into dbt.Relation, create string) error {
		rows, err := m.exec(ctx, m.header()+create+" table "+into.String()+" as ("+m.sql+"\n)")
		m.wrote("SELECT", rows)
		return err
	})
}

func (m *materialization) header() string {
	if header := m.node.Config.String("sql_header"); header != "" {
		return header + "\n"
	}
	return ""
}

func (m *materialization) wrote(verb string, rows int64) {
	m.result.Rows = rows
	m.result.Response = verb
	if rows >= 0 {
		m.result.Response = fmt.Sprintf("%s %d", verb, rows)
	}
}

// replace has a relation made and put in the place of the existing one.
func (m *materialization) replace(ctx context.Context, write func(ctx context.Context, into dbt.Relation, create string) error) error {
	if m.dialect.Replace == warehouse.CreateOrReplace {
		if m.existing != nil && m.existing.Type != m.target.Type {
			if err := m.dropRelation(ctx, *m.existing); err != nil {
				return err
			}
		}
		return write(ctx, m.target, "create or replace")
	}
	if m.existing == nil {
		return write(ctx, m.target, "create")
	}
	built, backup := m.beside("__dbt_tmp", m.target.Type), m.beside("__dbt_backup", m.existing.Type)
	if err := write(ctx, built, "create"); err != nil {
		return err
	}
	if err := m.rename(ctx, *m.existing, backup); err != nil {
		return err
	}
	if err := m.rename(ctx, built, m.target); err != nil {
		return err
	}
	return m.dropRelation(ctx, backup)
}

// beside is a relation in the target's schema with a suffix to its name.
func (m *materialization) beside(suffix string, kind dbt.RelationType) dbt.Relation {
	relation := m.target
	relation.Identifier = m.dialect.Suffixed(m.target.Identifier, suffix)
	relation.Type = kind
	return relation
}

// dropLeftovers removes what a run that was killed between two statements may
// have left where DDL is not transactional, or another dbt anywhere.
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
	_, err := m.exec(ctx, "drop "+string(r.Type)+" if exists "+r.String()+m.dialect.DropCascade)
	return err
}

func (m *materialization) rename(ctx context.Context, from, to dbt.Relation) error {
	name := to
	name.Hide = dbt.Quoting{Database: true, Schema: true}
	_, err := m.exec(ctx, "alter "+string(from.Type)+" "+from.String()+" rename to "+name.String())
	return err
}

// persistDocs writes descriptions into the database where persist_docs asks.
func (m *materialization) persistDocs(ctx context.Context) error {
	return m.commentOn(ctx, m.session, m.node, m.target)
}

// commentOn writes a node's descriptions as comments.
func (r *run) commentOn(ctx context.Context, s *session, n *dbt.Node, relation dbt.Relation) error {
	persist := n.Config.StringMap("persist_docs")
	if len(persist) == 0 || !r.dialect.Comments {
		return nil
	}
	if isTrue(persist["relation"]) && n.Description != "" {
		if _, err := s.exec(ctx, "comment on "+string(relation.Type)+" "+relation.String()+" is "+warehouse.StringLiteral(n.Description)); err != nil {
			return err
		}
	}
	if !isTrue(persist["columns"]) {
		return nil
	}
	existing, err := s.columns(ctx, relation.String())
	if err != nil {
		return err
	}
	for _, declared := range n.Columns {
		for _, column := range existing {
			if declared.Description == "" || !strings.EqualFold(column.Name, declared.Name) {
				continue
			}
			name := relation.String() + "." + r.dialect.Quote(column.Name)
			if _, err := s.exec(ctx, "comment on column "+name+" is "+warehouse.StringLiteral(declared.Description)); err != nil {
				return err
			}
		}
	}
	return nil
}

// isTrue reads a boolean that passed through a template.
func isTrue(text string) bool { return strings.EqualFold(text, "true") }
