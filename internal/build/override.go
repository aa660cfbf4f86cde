package build

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"apotheca/internal/dbt"
)

// replacedStep matches the macros by which a project may change how dbt itself
// builds a node. This program builds nodes without them.
var replacedStep = regexp.MustCompile(`^([a-z]+__)?(materialization_\w+|create_(table|view)_as|get_create_(table|view)_as_sql|get_merge_sql|get_delete_insert_merge_sql|get_insert_overwrite_merge_sql|get_incremental_\w+_sql|get_test_sql|get_unit_test_sql|create_csv_table|reset_csv_table|load_csv_rows|apply_grants)$`)

// refuseOverrides stops before anything runs when the project replaces a step
// of dbt's that would then be passed over in silence. What an installed package
// defines for itself is its own affair.
func refuseOverrides(p *dbt.Project) error {
	var found []string
	for _, m := range p.Macros {
		if m.PackageName == p.Name && replacedStep.MatchString(m.Name) {
			found = append(found, fmt.Sprintf("%s:%d: the macro %s would change how dbt builds nodes; that is not supported", m.OriginalFilePath, max(m.Line, 1), m.Name))
		}
	}
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	return fmt.Errorf("%s\nhint: remove or rename what the project overrides", strings.Join(found, "\n"))
}
