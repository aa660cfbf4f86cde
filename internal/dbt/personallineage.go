package dbt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"apotheca/internal/jinja"
	"apotheca/internal/lineage"
)

// checkLineage follows the personal columns that a model reads through its SQL.
// A model that may have none returns none, by whatever name; one that may have
// them marks what it returns, so that they can be followed further. A column
// whose meta says `pii: false` is vouched for by who wrote that.
func (p *Project) checkLineage(n *Node, code string) error {
	if !p.GuardsPersonalData() || n.ResourceType != Model || n.IsEphemeral() {
		return nil
	}
	var problems Problems
	for _, out := range lineage.Marked(code, p.personal().find) {
		declared, line := ColumnInfo{}, 0
		if i := slices.IndexFunc(n.Columns, func(c ColumnInfo) bool { return strings.EqualFold(c.Name, out.Name) }); i >= 0 {
			declared, line = n.Columns[i], n.Columns[i].Line
		}
		allowed := piiOf(n) == piiAllowed
		if saysPII(declared) == false || allowed && isPersonal(declared) {
			continue
		}
		column := "a column"
		if out.Name != "" {
			column = "the column " + cmp.Or(declared.Name, out.Name)
		}
		message := fmt.Sprintf("%s of %s comes from %s, which is personal data, and this model may not have any", column, n.Name, out.From)
		hint := "leave it out; where it tells nothing of a person, let the column say config: {meta: {pii: false}}"
		if allowed {
			message = fmt.Sprintf("%s of %s comes from %s, which is personal data, and is not marked here", column, n.Name, out.From)
			hint = "config: {meta: {pii: true}} at the column; or pii: false where it tells nothing of a person"
		}
		problems = append(problems, personalProblem(n, line, message, hint))
	}
	if len(problems) == 0 {
		return nil
	}
	return problems
}

// personalRelations are what is marked in the relations of the project.
type personalRelations struct {
	qualified map[string]*lineage.Relation // by schema and identifier
	named     map[string]*lineage.Relation // by identifier: all that have it
}

// personalRelations gathers them. A relation of a schema that the project does
// not know may be one of its own elsewhere, as those that --defer names are.
func (p *Project) personalRelations() personalRelations {
	r := personalRelations{map[string]*lineage.Relation{}, map[string]*lineage.Relation{}}
	for _, s := range p.Sources {
		r.add(s.Schema, s.Identifier, s.SourceName+"."+s.Name, s.Columns)
	}
	for _, n := range p.Nodes {
		if slices.Contains([]ResourceType{Model, Seed, Snapshot}, n.ResourceType) {
			r.add(n.Schema, n.Alias, n.Name, n.Columns)
		}
	}
	return r
}

func (r personalRelations) add(schema, identifier, shown string, columns []ColumnInfo) {
	schema, identifier = strings.ToLower(schema), strings.ToLower(identifier)
	one, all := &lineage.Relation{Marked: map[string]string{}}, r.named[identifier]
	if all == nil {
		all = &lineage.Relation{Marked: map[string]string{}}
	}
	for _, c := range columns {
		name := strings.ToLower(c.Name)
		one.Columns = append(one.Columns, name)
		if isPersonal(c) {
			one.Marked[name] = shown + "." + c.Name
		}
	}
	maps.Copy(all.Marked, one.Marked)
	r.qualified[schema+"."+identifier], r.named[identifier] = one, all
}

func (r personalRelations) find(parts []string) *lineage.Relation {
	identifier := parts[len(parts)-1]
	if len(parts) > 1 {
		if known := r.qualified[parts[len(parts)-2]+"."+identifier]; known != nil {
			return known
		}
	}
	return r.named[identifier]
}

// saysPII is what a column says of itself: true, false, or nothing.
func saysPII(c ColumnInfo) any {
	d, ok := c.Meta.(*jinja.Dict)
	if !ok {
		return nil
	}
	return get(d, "pii")
}
