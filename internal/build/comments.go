package build

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
)

// commentOn writes a node's descriptions into the database where persist_docs
// asks for it.
func (r *run) commentOn(ctx context.Context, s *session, n *dbt.Node, relation dbt.Relation) error {
	persist := n.Config.StringMap("persist_docs")
	if len(persist) == 0 || !r.dialect.Comments {
		return nil
	}
	if isTrue(persist["relation"]) && n.Description != "" {
		if _, err := s.exec(ctx, "comment on "+words(relation.Type)+" "+relation.String()+" is "+warehouse.StringLiteral(n.Description)); err != nil {
			return err
		}
	}
	if !isTrue(persist["columns"]) || len(n.Columns) == 0 {
		return nil
	}
	existing, err := s.columns(ctx, relation.String())
	if err != nil {
		return err
	}
	return r.commentOnColumns(ctx, s, n, relation, namesOf(existing))
}

// commentOnColumns comments on the columns that are there; it warns of those
// that are declared and are not. A column that is declared without quotes is
// found whatever its case, as the database would find it.
func (r *run) commentOnColumns(ctx context.Context, s *session, n *dbt.Node, relation dbt.Relation, existing []string) error {
	var missing []string
	for _, declared := range n.Columns {
		quoted := declared.Quote != nil && *declared.Quote
		at := slices.IndexFunc(existing, func(name string) bool {
			return name == declared.Name || !quoted && strings.EqualFold(name, declared.Name)
		})
		if at < 0 {
			missing = append(missing, declared.Name)
			continue
		}
		if declared.Description == "" {
			continue
		}
		column := relation.String() + "." + r.dialect.Quote(existing[at])
		if _, err := s.exec(ctx, "comment on column "+column+" is "+warehouse.StringLiteral(declared.Description)); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		r.warn(fmt.Sprintf("in %s: columns that are described are not in the database: %s", relation, strings.Join(missing, ", ")))
	}
	return nil
}

// isTrue reads a boolean that passed through a template.
func isTrue(text string) bool { return strings.EqualFold(text, "true") }
