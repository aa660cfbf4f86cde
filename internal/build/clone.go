package build

import (
	"context"
	"fmt"

	"apotheca/internal/dbt"
)

// clone lets a node's name mean what an earlier state has under it. Neither
// DuckDB nor PostgreSQL can copy a table without its rows, so that the clone is
// a view, as dbt makes it there.
func (r *run) clone(ctx context.Context, s *session, result *Result) error {
	n := result.Node
	result.Message = "No-op"
	from, known := r.Project.Deferred(n)
	if !known {
		r.Project.Say("No relation found in state manifest for " + n.UniqueID)
		return nil
	}
	existing, there, err := r.cache.lookup(ctx, s, r.Project.Relation(n))
	if err != nil {
		return err
	}
	if there && !r.FullRefresh {
		r.Project.Say(fmt.Sprintf("Relation %s already exists", existing))
		return nil
	}
	m, err := r.newMaterialization(ctx, s, result)
	if err != nil {
		return err
	}
	m.kind, m.target.Type, m.sql = "view", dbt.ViewRelation, "select * from "+from.String()
	result.Message = ""
	return m.materialize(ctx)
}
