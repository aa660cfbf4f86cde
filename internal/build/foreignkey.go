package build

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/dbt"
)

// keyed are the nodes whose tables have foreign keys, and those that they may
// refer to. It is empty where keys are in nobody's way.
func (r *run) keyed() map[string]bool {
	found := map[string]bool{}
	if r.dialect.ListReferencing == "" {
		return found
	}
	for id, n := range r.Project.Nodes {
		if len(n.ForeignKeys()) == 0 {
			continue
		}
		found[id] = true
		for _, parent := range n.DependsOn.Nodes {
			found[parent] = true
		}
	}
	return found
}

// yieldKeys makes it possible to replace the existing relation where foreign keys
// are in the way. A table that has keys of its own is dropped before the new
// one is made, in the transaction: a key remembers the name under which its
// table was made, and would pin what it refers to for good. A query that reads
// that table is run before.
func (m *materialization) yieldKeys(ctx context.Context) error {
	if m.existing == nil || !m.foreignKeys[m.node.UniqueID] {
		return nil
	}
	if err := m.release(ctx, *m.existing); err != nil || len(m.node.ForeignKeys()) == 0 {
		return err
	}
	existing := *m.existing
	m.existing = nil
	if strings.Contains(m.sql, existing.String()) {
		if err := m.runAhead(ctx); err != nil {
			return err
		}
	}
	return m.dropRelation(ctx, existing)
}

// runAhead puts the rows of the node's query into a table of the session, from
// which the node is then made.
func (m *materialization) runAhead(ctx context.Context) error {
	m.ahead = m.dialect.Quote(m.dialect.Suffixed(m.target.Identifier, "__dbt_ahead"))
	_, err := m.exec(ctx, m.header()+"create temporary table "+m.ahead+" as (\n"+m.sql+"\n)")
	m.sql = "select * from " + m.ahead
	return err
}

// dropAhead drops that table, if there is one.
func (m *materialization) dropAhead(ctx context.Context) error {
	if m.ahead == "" {
		return nil
	}
	_, err := m.exec(ctx, "drop table "+m.ahead)
	return err
}

// release takes their foreign keys off the tables that refer to one that is
// about to be replaced, which keys would pin. They keep their rows, and have
// their keys again when they are built, later in this run.
func (m *materialization) release(ctx context.Context, of dbt.Relation) error {
	referring, err := m.session.fetch(ctx, -1, m.dialect.ListReferencing, of.Database, of.Schema, of.Identifier)
	if err != nil {
		return fmt.Errorf("list foreign keys to %s: %w", of, err)
	}
	for _, row := range referring.Rows {
		from := of
		from.Identifier = fmt.Sprint(row[0])
		if !m.builds(from) {
			return fmt.Errorf("a foreign key of %s refers to %s, so both can only be replaced together\nhint: --select %s+ builds what depends on it as well",
				from, of, m.node.Name)
		}
		if err := m.release(ctx, from); err != nil {
			return err
		}
		if err := m.dropKeys(ctx, from); err != nil {
			return fmt.Errorf("take the keys off %s: %w", from, err)
		}
	}
	return nil
}

// builds reports whether the run builds a relation.
func (r *run) builds(relation dbt.Relation) bool {
	for _, id := range r.steps {
		if n := r.Project.Nodes[id]; n != nil && r.Project.Relation(n).String() == relation.String() {
			return true
		}
	}
	return false
}

// dropKeys copies a table, because no statement drops a key.
func (m *materialization) dropKeys(ctx context.Context, of dbt.Relation) error {
	bare := of
	bare.Type = dbt.TableRelation
	bare.Identifier = m.dialect.Suffixed(of.Identifier, "__dbt_tmp")
	for _, sql := range []string{
		"create table " + bare.String() + " as select * from " + of.String(),
		"drop table " + of.String(),
		m.renameSQL(bare, of.Identifier),
	} {
		if _, err := m.exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}
