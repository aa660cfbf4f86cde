package build

import (
	"context"
	"errors"
	"fmt"

	"apotheca/internal/dbt"
)

// macro finds how a node is built: by the project's materialization, by a
// package's, or by dbt's own.
func (r *run) macro(n *dbt.Node) (*dbt.Macro, error) {
	kind := n.Config.Materialized()
	switch n.ResourceType {
	case dbt.Seed:
		kind = "seed"
	case dbt.Snapshot:
		kind = "snapshot"
	case dbt.DataTest:
		kind = "test"
	}
	m, err := r.Project.Materialization(kind)
	if err != nil {
		return nil, dbt.Problem{File: n.OriginalFilePath, Line: max(n.Line, 1), Message: err.Error()}
	}
	if n.Language != "" && !m.Supports(n.Language) {
		return nil, raised("Materialization %q only supports languages %s; got %q", m.Name, m.Languages(), n.Language)
	}
	return m, nil
}

// custom builds a node by a materialization that is not dbt's. Its templates
// begin and commit the transaction; what they did not commit is taken back.
func (r *run) custom(ctx context.Context, s *session, result *Result, macro *dbt.Macro) error {
	n := result.Node
	t := r.Project.Templates(r.running(s, n))
	s.manual, s.asked = true, false
	returned, err := t.Materialize(ctx, macro)
	s.rollback()
	s.manual = false
	target := r.Project.Relation(n)
	r.cache.forget(target.Database, target.Schema)
	if err != nil {
		return err
	}
	main, ok := t.StatementResult("main")
	if n.ResourceType == dbt.DataTest {
		if !ok {
			return errNoMain
		}
		return r.judge(ctx, s, result, main.Rows, "(\n"+t.Text("sql")+"\n) as dbt_internal_test")
	}
	relations, err := dbt.ReturnedRelations(n, returned)
	if err != nil {
		return err
	}
	for _, relation := range relations {
		r.cache.put(relation)
	}
	if !ok {
		return errNoMain
	}
	result.Response, result.plain = main.Message, main.Code == "" && main.Affected == nil
	if main.Affected != nil {
		result.Rows = *main.Affected
	}
	return nil
}

var errNoMain = raised("main is not being called during running model")

// materialize builds the node under way as dbt does, for a materialization
// that does something around it.
func (a adapter) materialize(ctx context.Context, t *dbt.Templates) (any, error) {
	result := a.session.result
	if result == nil || result.Node == nil {
		return nil, errors.New("a materialization can only be called by another one")
	}
	if sql := t.Text("sql"); sql != "" {
		result.CompiledCode = sql
	}
	if result.Node.ResourceType == dbt.DataTest {
		table, relations, err := a.run.verdict(ctx, a.session, result)
		if err != nil {
			return nil, err
		}
		t.StoreResult("main", tableOf(table))
		return map[string]any{"relations": relations}, nil
	}
	if err := a.run.builtin(ctx, a.session, result); err != nil {
		return nil, err
	}
	said := dbt.Response{Message: result.Response, Affected: &result.Rows}
	if result.Rows < 0 {
		said.Affected = nil
	}
	t.StoreResult("main", &dbt.Table{Response: said})
	relation := a.run.Project.Relation(result.Node)
	relation.Type = dbt.TableRelation
	if kind := result.Node.Config.Materialized(); kind == "view" || kind == "materialized_view" {
		relation.Type = dbt.RelationType(kind)
	}
	return map[string]any{"relations": []any{relation}}, nil
}

// Execute runs what statement() hands over. In a materialization of somebody's
// own it begins the transaction that the node's commit() ends.
func (a adapter) Execute(ctx context.Context, statement dbt.Statement) (*dbt.Table, error) {
	s := a.session
	if s.manual && (statement.Begin || s.always && !s.left) {
		if err := s.begin(ctx); err != nil {
			return nil, err
		}
		s.asked = s.asked || statement.Begin
	}
	if statement.Fetch {
		return a.Query(ctx, statement.SQL)
	}
	said, err := s.tell(ctx, statement.SQL)
	return &dbt.Table{Response: responseOf(said)}, err
}

// committed ends the transaction that a statement of the node began.
func (s *session) committed(n *dbt.Node) error {
	if !s.manual {
		return nil // outside of materializations nothing waits for it
	}
	if !s.asked {
		name := "master"
		if n != nil {
			name = n.UniqueID
		}
		return &dbt.Complaint{
			Heading: dbt.InternalError,
			Err:     fmt.Errorf("Tried to commit transaction on connection %q, but it does not have one open!", name), //nolint:staticcheck // dbt's words
		}
	}
	s.asked, s.left = false, true
	return s.commit()
}

// leaveTransaction lets the hooks that follow run outside of one. What the node
// has begun it can still commit.
func (s *session) leaveTransaction() error {
	if !s.manual || !s.always {
		return nil
	}
	s.left = true
	return s.commit()
}

// write adds to the node's file under target/run.
func (s *session) write(sql string) { s.script = append(s.script, sql) }
