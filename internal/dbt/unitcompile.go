package dbt

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// CompiledUnitTest is what a unit test compares.
type CompiledUnitTest struct {
	// Code is the model's query over the given rows.
	Code string
	// Columns are the ones that the expected rows name, in order.
	Columns []string
	// Expected becomes a query with Project.FixtureSQL once the types of the
	// model's columns are known.
	Expected Fixture
}

// CompileUnitTest renders the tested model with every input replaced by its
// given rows. The adapter is asked for the inputs' column types.
func (p *Project) CompileUnitTest(ctx context.Context, t *UnitTest, a Adapter) (*CompiledUnitTest, error) {
	in := p.packages[t.PackageName]
	file := in.file(t.OriginalFilePath)
	fail := func(format string, args ...any) error {
		return Problem{File: file, Line: t.Line, Message: fmt.Sprintf("unit test '%s': ", t.Name) + fmt.Sprintf(format, args...)}
	}
	model := p.Nodes[t.DependsOn.Nodes[0]]
	o := Overrides{Refs: map[string]string{}, Vars: t.Overrides.Vars, EnvVars: t.Overrides.EnvVars, Macros: map[string]any{"is_incremental": false}}
	for k, v := range t.Overrides.Macros {
		o.Macros[k] = v
	}
	for _, g := range t.Given {
		types, err := p.inputColumns(ctx, g, model, a)
		if err != nil {
			return nil, fail("%v", err)
		}
		sql, err := p.FixtureSQL(ctx, g.Fixture, types, false)
		if err != nil {
			return nil, fail("the rows given for %s: %v", g.Input, err)
		}
		name := ctePrefix + p.inputName(t, g)
		if g.Fixture.Format != "sql" {
			sql = "\n-- Fixture for " + strings.TrimPrefix(name, ctePrefix) + "\n" + sql
		}
		o.Refs[g.UniqueID] = name
		o.Prefix = append(o.Prefix, CTE{UniqueID: g.UniqueID, SQL: fmt.Sprintf(" %s as (\n%s\n)", name, sql)})
	}
	for _, parent := range model.DependsOn.Nodes {
		if _, given := o.Refs[parent]; !given {
			return nil, fail("the model reads %s, for which no rows are given; write an input with rows: [] when it does not matter", parent)
		}
	}
	c, err := p.CompileWith(ctx, model, a, o)
	if err != nil {
		return nil, fmt.Errorf("unit test '%s': %w", t.Name, err)
	}
	return &CompiledUnitTest{Code: c.Code, Columns: t.Expect.columns(), Expected: t.Expect}, nil
}

// inputName is a name for a given input that no other input has.
func (p *Project) inputName(t *UnitTest, g Given) string {
	if s := p.Sources[g.UniqueID]; s != nil {
		for _, other := range t.Given {
			n, o := p.Nodes[other.UniqueID], p.Sources[other.UniqueID]
			if n != nil && n.Name == s.Name || o != nil && o != s && o.Name == s.Name {
				return s.SourceName + "__" + s.Name
			}
		}
		return s.Name
	}
	return p.Nodes[g.UniqueID].Name
}

// inputColumns are the columns of the relation that given rows stand in for.
// Rows written as SQL say themselves what they are.
func (p *Project) inputColumns(ctx context.Context, g Given, model *Node, a Adapter) ([]Column, error) {
	if g.Fixture.Format == "sql" {
		return nil, nil
	}
	var r Relation
	if s := p.Sources[g.UniqueID]; s != nil {
		r = p.SourceRelation(s)
	} else {
		n := p.Nodes[g.UniqueID]
		if n.IsEphemeral() {
			return nil, fmt.Errorf("%s is an ephemeral model, whose column types no database knows; write its rows with format: sql", g.Input)
		}
		r = p.Relation(n)
	}
	columns, err := a.Columns(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s: %w", g.Input, err)
	}
	if len(columns) == 0 && g.UniqueID != model.UniqueID {
		return nil, fmt.Errorf("the relation %s of %s does not exist, so the types of its columns are not known; build it first", r, g.Input)
	}
	sc, columns := p.runScope(model, a, Overrides{}), slices.Clone(columns)
	for i, c := range columns {
		columns[i].DataType = sc.column(c).fullType()
	}
	return columns, nil
}

func (f Fixture) columns() []string {
	var names []string
	for _, r := range f.Rows {
		names = append(names, r.Columns...)
	}
	return unique(names)
}

// FixtureSQL is a query for a fixture's rows with the given column types: all
// columns of types, or only the ones the rows name. Without types the values
// are left as they are.
func (p *Project) FixtureSQL(_ context.Context, f Fixture, types []Column, onlyNamed bool) (string, error) {
	if f.Format == "sql" {
		return f.SQL, nil
	}
	known := map[string]string{}
	for _, c := range types {
		known[strings.ToLower(c.Name)] = c.DataType
	}
	columns := types
	if named := f.columns(); len(types) == 0 || onlyNamed && len(named) > 0 {
		columns = nil
		for _, name := range named {
			columns = append(columns, Column{Name: name, DataType: known[strings.ToLower(name)]})
		}
	}
	for _, name := range f.columns() {
		if _, ok := known[strings.ToLower(name)]; !ok && len(types) > 0 {
			var names []string
			for _, c := range types {
				names = append(names, c.Name)
			}
			problem := Problem{Message: fmt.Sprintf("there is no column '%s'; there are %s", name, strings.Join(names, ", "))}
			if near := nearest(name, names); near != "" {
				problem.Hint = fmt.Sprintf("did you mean '%s'?", near)
			}
			return "", problem
		}
	}
	var selects []string
	for _, row := range f.Rows {
		selects = append(selects, "select "+strings.Join(rowSQL(row, columns), ", "))
	}
	if len(selects) == 0 {
		return "select " + strings.Join(rowSQL(FixtureRow{}, columns), ", ") + "\nlimit 0", nil
	}
	return strings.Join(selects, "\nunion all\n"), nil
}

func rowSQL(row FixtureRow, columns []Column) []string {
	values := map[string]any{}
	for i, name := range row.Columns {
		values[strings.ToLower(name)] = row.Values[i]
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		value := values[strings.ToLower(c.Name)]
		sql, as := literalSQL(value), c.DataType
		if _, isText := value.(string); isText && strings.Contains(as, "varying") {
			as, _, _ = strings.Cut(as, "(") // a text that is too long shall be seen
		}
		if as != "" {
			sql = fmt.Sprintf("cast(%s as %s)", sql, as)
		}
		out[i] = sql + " as " + quoteIdentifier(c.Name)
	}
	if len(out) == 0 {
		out = []string{"1"}
	}
	return out
}

// literalSQL writes a value as SQL. Lists and mappings become JSON texts.
func literalSQL(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return jinja.Str(x)
	case int64, float64, jinja.Decimal:
		return jinja.Str(x)
	case *jinja.List, *jinja.Dict:
		return quoteText(jsonText(x))
	}
	return quoteText(jinja.Str(v))
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
