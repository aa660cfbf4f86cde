package build

import (
	"context"
	"fmt"

	"apotheca/internal/dbt"
)

// Preview is what a node returns: its first rows.
type Preview struct {
	Node *dbt.Node
	// SQL is the node's own, without the limit.
	SQL   string
	Table *dbt.Table
}

// Look compiles the nodes in order and reads the first rows of each; limit is
// negative for all. Nothing is built.
func Look(ctx context.Context, o Options, nodes []*dbt.Node, limit int) ([]Preview, error) {
	o.Command, o.Threads = Show, 1
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	previews := make([]Preview, len(nodes))
	for i, n := range nodes {
		sql := "select * from " + r.Project.Relation(n).String()
		if n.ResourceType != dbt.Seed {
			compiled, err := r.Project.Compile(ctx, n, adapter{r, s})
			if err != nil {
				return nil, err
			}
			sql = compiled.Code
		}
		previews[i] = Preview{Node: n, SQL: sql}
		if previews[i].Table, err = r.look(ctx, s, n, sql, limit); err != nil {
			return nil, fmt.Errorf("preview %s: %w", n.Name, err)
		}
	}
	return previews, nil
}

func (r *run) look(ctx context.Context, s *session, n *dbt.Node, sql string, limit int) (*dbt.Table, error) {
	if header := n.Config.String("sql_header"); header != "" {
		sql = header + "\n" + sql
	}
	if limit >= 0 {
		sql = fmt.Sprintf("%s\nlimit %d", sql, limit)
	}
	return adapter{r, s}.Query(ctx, sql)
}

// CompileOne compiles a node that is not part of the project's graph.
func CompileOne(ctx context.Context, o Options, n *dbt.Node) (*dbt.Compiled, error) {
	o.Command, o.Threads = Compile, 1
	r, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	s := <-r.sessions
	defer func() { r.sessions <- s }()
	return r.Project.Compile(ctx, n, adapter{r, s})
}
