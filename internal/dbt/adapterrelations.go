package dbt

import (
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// askingMethod gives methods of `adapter` that ask the database and are made of
// simpler ones; nil for other names.
func (v adapterValue) askingMethod(name string) func(a []any, kw *jinja.Dict) (any, error) {
	switch name {
	case "get_columns_in_table":
		return func(a []any, kw *jinja.Dict) (any, error) {
			columns, err := v.s.adapter.Columns(v.s.ctx, Relation{Database: v.s.p.Target.Database,
				Schema: jinja.Str(argument(a, kw, 0, "schema", "")), Identifier: jinja.Str(argument(a, kw, 1, "identifier", ""))})
			if err != nil {
				return nil, fmt.Errorf("list columns: %w", err)
			}
			return v.list(columns), nil
		}
	case "expand_target_column_types":
		return v.expandColumns
	case "valid_snapshot_target":
		return func(a []any, kw *jinja.Dict) (any, error) {
			return nil, v.isSnapshot(argument(a, kw, 0, "relation", nil), argument(a, kw, 1, "column_names", nil), nil, name)
		}
	case "assert_valid_snapshot_target_given_strategy":
		return func(a []any, kw *jinja.Dict) (any, error) {
			return nil, v.isSnapshot(argument(a, kw, 0, "relation", nil), argument(a, kw, 1, "column_names", nil),
				argument(a, kw, 2, "strategy", nil), "valid_snapshot_target")
		}
	case "location_exists":
		if v.s.p.Target.Type != "duckdb" {
			return nil
		}
		return func(a []any, kw *jinja.Dict) (any, error) {
			location := strings.ReplaceAll(jinja.Str(argument(a, kw, 0, "location", "")), "'", "''")
			_, err := v.s.adapter.Query(v.s.ctx, "select 1 from '"+location+"' where 1=0")
			return err == nil, nil
		}
	}
	return nil
}

// relationOf is an argument that must be a relation, in dbt's words.
func (s *scope) relationOf(method, name string, v any) (Relation, error) {
	r, ok := v.(relationValue)
	if !ok {
		class := s.p.adapterClass()
		return Relation{}, fmt.Errorf("'adapter.%s' expects argument '%s' to be of type '<class 'dbt.adapters.%s.relation.%sRelation'>', instead got %s (<class '%s'>)",
			method, name, strings.ToLower(class), class, jinja.Str(v), jinja.TypeName(v))
	}
	return r.Relation, nil
}

// expandColumns widens the texts of a table that are shorter than those that
// come. DuckDB's texts have no length.
func (v adapterValue) expandColumns(a []any, kw *jinja.Dict) (any, error) {
	from, err := v.s.relationOf("expand_target_column_types", "from_relation", argument(a, kw, 0, "from_relation", nil))
	if err != nil {
		return nil, err
	}
	to, err := v.s.relationOf("expand_target_column_types", "to_relation", argument(a, kw, 1, "to_relation", nil))
	if err != nil || v.s.p.Target.Type == "duckdb" {
		return nil, err
	}
	goal, err := v.s.adapter.Columns(v.s.ctx, from)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	current, err := v.s.adapter.Columns(v.s.ctx, to)
	if err != nil {
		return nil, fmt.Errorf("list columns: %w", err)
	}
	for _, c := range current {
		for _, g := range goal {
			have, want := v.s.column(c), v.s.column(g)
			if c.Name != g.Name || !have.canExpandTo(want) {
				continue
			}
			sql := fmt.Sprintf("alter table %s alter column %s type character varying(%s)", to, quoteIdentifier(c.Name), jinja.Str(want.stringSize()))
			if _, err := v.s.adapter.Query(v.s.ctx, sql); err != nil {
				return nil, fmt.Errorf("expand column %s: %w", c.Name, err)
			}
		}
	}
	return nil, nil
}

// isSnapshot fails for a table without the columns of a snapshot, under the
// names that the snapshot gives them.
func (v adapterValue) isSnapshot(relation, names, strategy any, method string) error {
	r, err := v.s.relationOf(method, "relation", relation)
	if err != nil {
		return err
	}
	columns, err := v.s.adapter.Columns(v.s.ctx, r)
	if err != nil {
		return fmt.Errorf("list columns: %w", err)
	}
	have := map[string]bool{}
	for _, c := range columns {
		have[strings.ToLower(c.Name)] = true
	}
	wanted := []string{"dbt_scd_id", "dbt_valid_from", "dbt_valid_to"}
	given, _ := names.(*jinja.Dict)
	missing := lackingColumns(wanted, given, have)
	if s, ok := strategy.(*jinja.Dict); ok && len(missing) == 0 {
		if deletes, _ := s.Get("hard_deletes"); deletes == "new_record" {
			missing = lackingColumns([]string{"dbt_is_deleted"}, given, have)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("Snapshot target is missing configured columns (missing %s). See https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields for more information.", //nolint:staticcheck // dbt's words
		strings.Join(missing, ", "))
}

func lackingColumns(wanted []string, names *jinja.Dict, have map[string]bool) []string {
	var missing []string
	for _, name := range wanted {
		if own, ok := names.Get(name); ok && own != nil {
			name = jinja.Str(own)
		}
		if !have[strings.ToLower(name)] {
			missing = append(missing, `"`+name+`"`)
		}
	}
	return missing
}

// notApproximate refuses a relation whose name differs by case alone, which
// dbt does not take for the one that was asked for. A part that the project
// does not quote is meant in lower case.
func (v adapterValue) notApproximate(found Relation, ok bool, database, schema, identifier string) (Relation, bool, error) {
	asked := Relation{Database: database, Schema: schema, Identifier: identifier, Quote: Quoting{true, true, true}}
	name := identifier
	if !v.s.p.root.quoting.Identifier {
		name = strings.ToLower(name)
	}
	if ok && found.Identifier == name || identifier == "" {
		return found, ok, nil
	}
	if !ok {
		relations, _, err := v.s.adapter.Relations(v.s.ctx, database, schema)
		if err != nil {
			return found, false, fmt.Errorf("list relations: %w", err)
		}
		for _, r := range relations {
			if r.Identifier == name {
				return r, true, nil
			}
			if strings.EqualFold(r.Identifier, name) {
				found, ok = r, true
			}
		}
	}
	if !ok {
		return found, false, nil
	}
	found.Quote = asked.Quote
	return found, false, fmt.Errorf("When searching for a relation, dbt found an approximate match. Instead of guessing\nwhich relation to use, dbt will move on. Please delete %s, or rename it to be less ambiguous.\nSearched for: %s\nFound: %s", found, asked, found) //nolint:staticcheck // dbt's words
}
