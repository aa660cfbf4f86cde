package build

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
	"apotheca/internal/warehouse"
)

// commentOn writes a node's descriptions into the database where persist_docs
// asks for it.
func (m *materialization) commentOn(ctx context.Context, relation dbt.Relation, ofRelation, ofColumns bool) error {
	persist := m.node.Config.StringMap("persist_docs")
	if len(persist) == 0 || !m.dialect.Comments {
		return nil
	}
	if ofRelation && isTrue(persist["relation"]) && m.node.Description != "" {
		sql, err := m.text(ctx, "alter_relation_comment", func() (string, error) {
			return m.relationComment(relation, m.node.Description), nil
		}, relation, m.node.Description)
		if err != nil {
			return err
		}
		if _, err := m.exec(ctx, sql); err != nil {
			return err
		}
	}
	if !ofColumns || !isTrue(persist["columns"]) || len(m.node.Columns) == 0 {
		return nil
	}
	return m.commentOnColumns(ctx, relation)
}

// commentOnColumns comments on the columns that are there; it warns of those
// that are declared and are not. A column that is declared without quotes is
// found whatever its case, as the database would find it.
func (m *materialization) commentOnColumns(ctx context.Context, relation dbt.Relation) error {
	existing, err := m.session.columns(ctx, relation.String())
	if err != nil {
		return err
	}
	var missing []string
	there := map[string]string{} // comments by the column's own name
	described := jinja.NewDict()
	for _, declared := range m.node.Columns {
		quoted := declared.Quote != nil && *declared.Quote
		at := slices.IndexFunc(existing, func(c warehouse.ResultColumn) bool {
			return c.Name == declared.Name || !quoted && strings.EqualFold(c.Name, declared.Name)
		})
		if at < 0 {
			missing = append(missing, declared.Name)
			continue
		}
		described.Set(declared.Name, jinja.NewDict("name", declared.Name, "description", declared.Description, "quote", quoted))
		if declared.Description != "" {
			there[existing[at].Name] = declared.Description
		}
	}
	if len(missing) > 0 {
		m.warn(fmt.Sprintf("in %s: columns that are described are not in the database: %s", relation, strings.Join(missing, ", ")))
	}
	sql, err := m.text(ctx, "alter_column_comment", func() (string, error) {
		return m.columnComments(relation, there), nil
	}, relation, described)
	if err != nil || strings.TrimSpace(sql) == "" {
		return err
	}
	_, err = m.exec(ctx, sql)
	return err
}

func (r *run) relationComment(of dbt.Relation, comment string) string {
	return "comment on " + words(of.Type) + " " + of.String() + " is " + warehouse.StringLiteral(comment)
}

// columnComments are the statements that comment on columns, by their names.
func (r *run) columnComments(of dbt.Relation, comments map[string]string) string {
	var statements []string
	for _, column := range slices.Sorted(maps.Keys(comments)) {
		statements = append(statements, "comment on column "+of.String()+"."+r.dialect.Quote(column)+" is "+warehouse.StringLiteral(comments[column]))
	}
	return strings.Join(statements, ";\n")
}

// describedColumns reads what macros hand over of columns and their comments.
func describedColumns(given any) map[string]string {
	comments := map[string]string{}
	columns, _ := given.(*jinja.Dict)
	for _, name := range columns.Keys() {
		column, _ := columns.Get(name)
		if described, ok := column.(*jinja.Dict); ok && textOf(described, "description") != "" {
			comments[jinja.Str(name)] = textOf(described, "description")
		}
	}
	return comments
}

// isTrue reads a boolean that passed through a template.
func isTrue(text string) bool { return strings.EqualFold(text, "true") }
