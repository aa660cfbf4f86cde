package dbt

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// QueryComment is what a project has said with each query, for those who watch
// the database.
type QueryComment struct {
	template string // empty: dbt's own, as JSON
	none     bool
	// Append puts it after the query.
	Append bool
}

// QueryComment reads the key query-comment of dbt_project.yml.
func (p *Project) QueryComment() QueryComment {
	node := child(p.root.doc, "query-comment")
	var c QueryComment
	set := func(value any) {
		text, isText := value.(string)
		c.template, c.none = text, !isText || strings.TrimSpace(text) == ""
	}
	switch value := plain(node).(type) {
	case *jinja.Dict:
		if comment, ok := value.Get("comment"); ok {
			set(comment)
		}
		position, _ := value.Get("append")
		c.Append = position == true
	default:
		if node != nil {
			set(value)
		}
	}
	return c
}

// Of is the comment for the queries of a node, without the marks of a comment;
// empty for none. Queries of no node name the connection.
func (c QueryComment) Of(ctx context.Context, p *Project, r Running, connection string) (string, error) {
	if c.none {
		return "", nil
	}
	text := c.template
	if text == "" {
		d := jinja.NewDict("app", "dbt", "dbt_version", Version, "profile_name", p.Target.Profile, "target_name", p.Target.Name)
		if r.Node != nil {
			d.Set("node_id", r.Node.UniqueID)
		} else {
			d.Set("connection_name", connection)
		}
		written, err := appendJSON(nil, d, jsonStyle{spaced: true, ascii: true})
		return string(written), err
	}
	r.Names = map[string]any{"connection_name": connection, "node": nil}
	if r.Node != nil {
		r.Names["node"] = p.nodeDict(r.Node)
	}
	text, err := p.Render(ctx, r, text)
	if err != nil {
		return "", fmt.Errorf("render query-comment: %w", err)
	}
	if strings.Contains(text, "*/") {
		return "", fmt.Errorf("query-comment: it contains */, which would end it: %s", text)
	}
	return strings.TrimSpace(text), nil
}
