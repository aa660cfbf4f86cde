package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// passedOver are the macros by which a project may change how dbt works, and
// which this program does without: each with the macro of dbt's that calls it.
// Where that one is replaced as well, nobody does without.
var passedOver = map[string]string{
	"get_show_grant_sql": "apply_grants", "get_dcl_statement_list": "apply_grants", "call_dcl_statements": "apply_grants",
	"support_multiple_grantees_per_dcl_statement": "apply_grants",
	"get_unit_test_sql":                           "", "get_fixture_sql": "", "get_expected_sql": "",
	"get_catalog": "", "get_catalog_relations": "", "get_catalog_for_single_relation": "", "get_relations": "",
	"list_schemas": "", "check_schema_exists": "", "list_relations_without_caching": "", "get_relation_last_modified": "",
	"get_replace_view_sql": "", "get_replace_table_sql": "", "get_replace_materialized_view_sql": "",
	"get_alter_materialized_view_as_sql": "", "get_materialized_view_configuration_changes": "",
}

// refuseOverrides stops before anything runs when a macro would be passed over
// in silence that dbt would have run: the project's own, or one of a package
// for the package's nodes.
func (r *run) refuseOverrides() error {
	packages := map[string]bool{r.Project.Name: true}
	for _, id := range r.steps {
		if n, ok := r.Project.Nodes[id]; ok {
			packages[n.PackageName] = true
		}
	}
	var found []string
	for _, m := range r.Project.Macros {
		caller, passed := passedOver[r.withoutAdapter(m)]
		if packages[m.PackageName] && passed && (caller == "" || r.Project.Implementation(caller).Builtin()) {
			found = append(found, fmt.Sprintf("%s:%d: the macro %s would change how dbt builds nodes; that is not supported", m.OriginalFilePath, max(m.Line, 1), m.Name))
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	return errors.New(strings.Join(found, "\n") + "\nhint: remove or rename what the project overrides")
}

// withoutAdapter is what a macro implements for the target; empty when it is
// for another kind of database, or is reached by dispatch from another package
// than the project.
func (r *run) withoutAdapter(m *dbt.Macro) string {
	adapter, name, ok := strings.Cut(m.Name, "__")
	switch {
	case m.Builtin():
		return ""
	case !ok:
		return m.Name
	case m.PackageName == r.Project.Name && (adapter == "default" || adapter == r.Project.Target.Type):
		return name
	}
	return ""
}
