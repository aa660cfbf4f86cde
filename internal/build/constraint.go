package build

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// columnDefinitions are the columns of a contracted table, each with its
// constraints, and after them the constraints of the whole table.
func (m *materialization) columnDefinitions(ctx context.Context) (string, error) {
	var lines []string
	for _, c := range m.node.Columns {
		line := "    " + m.declaredName(c) + " " + c.DataType
		for _, declared := range c.Constraints {
			text, err := m.constraint(ctx, declared, true)
			if err != nil {
				return "", err
			}
			if text != "" {
				line += " " + text
			}
		}
		lines = append(lines, line)
	}
	for _, declared := range m.node.Constraints {
		text, err := m.constraint(ctx, declared, false)
		if err != nil {
			return "", err
		}
		if text != "" {
			lines = append(lines, "    "+text)
		}
	}
	return strings.Join(lines, ",\n"), nil
}

// constraint renders one constraint, of a column or of the whole table. Names
// of columns and expressions stand as the project writes them; so does a name,
// which only constraints of the table have in dbt. One that says too little
// renders as nothing, as in dbt.
func (m *materialization) constraint(ctx context.Context, declared any, ofColumn bool) (string, error) {
	d, ok := declared.(*jinja.Dict)
	if !ok {
		return "", fmt.Errorf("constraint %s: not a mapping", jinja.Repr(declared))
	}
	kind, expression := textOf(d, "type"), textOf(d, "expression")
	if kind != "custom" && !slices.Contains(m.dialect.EnforcedConstraints, kind) {
		if slices.Contains(constraintKinds, kind) {
			m.warnUnsupported(d, kind)
			return "", nil
		}
		return "", fmt.Errorf("constraint type %q is none of %s", kind, strings.Join(constraintKinds, ", "))
	}
	columns := ""
	if !ofColumn {
		columns = "(" + strings.Join(textsOf(d, "columns"), ", ") + ")"
	}
	var parts []string
	if name := textOf(d, "name"); name != "" && !ofColumn {
		parts = append(parts, "constraint "+name)
	}
	switch kind {
	case "not_null":
		if !ofColumn {
			return "", nil
		}
		parts = append(parts, "not null", expression)
	case "unique":
		parts = append(parts, "unique", expression, columns)
	case "primary_key":
		parts = append(parts, "primary key", expression, columns)
	case "foreign_key":
		references, err := m.references(ctx, d)
		if err != nil || references == "" {
			return "", err
		}
		if !ofColumn {
			parts = append(parts, "foreign key "+columns)
		}
		parts = append(parts, references)
	default:
		if expression == "" {
			return "", nil
		}
		if kind == "check" {
			expression = "check (" + expression + ")"
		}
		parts = append(parts, expression)
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " "), nil
}

var constraintKinds = []string{"check", "not_null", "unique", "primary_key", "foreign_key", "custom"}

func (m *materialization) warnUnsupported(d *jinja.Dict, kind string) {
	if on, ok := d.Get("warn_unsupported"); ok && on == false {
		return
	}
	m.warn(fmt.Sprintf("the constraint type %s is not supported on %s and left out, as in %s", kind, m.dialect.Name, m.node.OriginalFilePath))
}

// references is what a foreign key points at: a ref or source of the project
// with its columns, or an expression.
func (m *materialization) references(ctx context.Context, d *jinja.Dict) (string, error) {
	to, columns := textOf(d, "to"), textsOf(d, "to_columns")
	if to == "" || len(columns) == 0 {
		expression := strings.TrimSpace(textOf(d, "expression"))
		if expression == "" || strings.HasPrefix(strings.ToLower(expression), "references ") {
			return expression, nil
		}
		return "references " + expression, nil
	}
	target, err := m.Project.Render(ctx, m.running(m.session, m.node), dbt.ConstraintTarget(to))
	if err != nil {
		return "", fmt.Errorf("constraint to %s: %w", to, err)
	}
	if m.dialect.LocalForeignKeys {
		target = strings.TrimPrefix(target, m.dialect.Quote(m.target.Database)+".")
	}
	return "references " + target + " (" + strings.Join(columns, ", ") + ")", nil
}

func textOf(d *jinja.Dict, key string) string {
	value, ok := d.Get(key)
	if !ok || value == nil {
		return ""
	}
	return jinja.Str(value)
}

func textsOf(d *jinja.Dict, key string) []string {
	value, _ := d.Get(key)
	list, ok := value.(*jinja.List)
	if !ok {
		return nil
	}
	texts := make([]string, len(list.V))
	for i, v := range list.V {
		texts[i] = jinja.Str(v)
	}
	return texts
}
