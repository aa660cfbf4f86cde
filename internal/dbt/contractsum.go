package dbt

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// contractChecksum identifies what a model promises: its columns, and the
// constraints that its materialization can enforce. It is dbt's own, so that a
// state of dbt can be compared with.
func (n *Node) contractChecksum() string {
	var b strings.Builder
	columns := slices.Clone(n.Columns)
	slices.SortStableFunc(columns, func(x, y ColumnInfo) int { return strings.Compare(x.Name, y.Name) })
	for _, c := range columns {
		b.WriteString("|" + c.Name + jinja.Str(orNone(c.DataType)) + constraintsRepr("ColumnLevelConstraint", c.Constraints))
	}
	if in(n.Config.Materialized(), "table", "incremental") {
		b.WriteString(n.Config.Materialized() + constraintsRepr("ModelLevelConstraint", n.Constraints))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// constraintsRepr is how Python prints a list of dbt's constraints.
func constraintsRepr(class string, list []any) string {
	keys := []string{"type", "name", "expression", "warn_unenforced", "warn_unsupported", "to", "to_columns"}
	if class == "ModelLevelConstraint" {
		keys = append(keys, "columns")
	}
	all := make([]string, len(list))
	for i, c := range list {
		d, _ := c.(*jinja.Dict)
		parts := make([]string, len(keys))
		for j, key := range keys {
			v := get(d, key)
			parts[j] = key + "=" + jinja.Repr(v)
			if key == "type" {
				parts[j] = fmt.Sprintf("type=<ConstraintType.%s: '%s'>", jinja.Str(v), jinja.Str(v))
			}
		}
		all[i] = class + "(" + strings.Join(parts, ", ") + ")"
	}
	return "[" + strings.Join(all, ", ") + "]"
}
