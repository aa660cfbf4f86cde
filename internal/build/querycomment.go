package build

import (
	"context"
	"strings"

	"apotheca/internal/dbt"
)

// comment has the session say with each statement, in dbt's way, for which node
// it is. The files under target have the statements without.
func (r *run) comment(ctx context.Context, s *session, n *dbt.Node) error {
	wanted := r.Project.QueryComment()
	running := dbt.Running{Node: n, Adapter: adapter{r, s}}
	name := "master"
	if n != nil {
		name = n.UniqueID
	}
	text, err := wanted.Of(ctx, r.Project, running, name)
	if err != nil || text == "" {
		return err
	}
	text = "/* " + text + " */"
	s.comment = func(sql string) string { return text + "\n" + sql }
	if wanted.Append {
		s.comment = func(sql string) string { return strings.TrimRight(sql, "; \t\n") + "\n" + text }
	}
	return nil
}
