package dbt

import "context"

// Compiled is a node's SQL.
type Compiled struct {
	// Code is the node's query with the CTEs of its ephemeral parents in it.
	// For a data test it is the query that returns the failing rows.
	Code string
	// CTEs are the ephemeral parents that were injected, in order.
	CTEs []CTE
	// Columns and so on are in the Node; Config is as of this compilation.
}

// CTE is an ephemeral model as it appears in its readers.
type CTE struct {
	UniqueID string
	SQL      string
}

// Overrides change what one compilation sees.
type Overrides struct {
	// Refs replace what ref(), source() and `this` render, by unique id.
	Refs map[string]string
	// IsIncremental, when not nil, is what is_incremental() answers.
	IsIncremental *bool
	// Macros replace macros by name, or package.name, by a constant.
	Macros  map[string]any
	Vars    map[string]any
	EnvVars map[string]any
}

// Compile renders one node for execution. is_incremental() inside it asks the
// adapter for the node's own relation.
func (p *Project) Compile(ctx context.Context, n *Node, a Adapter) (*Compiled, error) {
	return p.CompileWith(ctx, n, a, Overrides{})
}

// CompileWith is Compile with some of the node's surroundings replaced.
func (p *Project) CompileWith(ctx context.Context, n *Node, a Adapter, o Overrides) (*Compiled, error) {
	return nil, context.Canceled
}

// CompiledUnitTest is what a unit test compares.
type CompiledUnitTest struct {
	// Code is the model's query over the given rows.
	Code string
	// Columns are the ones that the expected rows name, in order.
	Columns []string
	// Expected is a query for the expected rows, once the types of the
	// model's columns are known (Project.ExpectedSQL).
	Expected Fixture
}

// CompileUnitTest renders the tested model with every input replaced by its
// given rows. The adapter is asked for the inputs' column types.
func (p *Project) CompileUnitTest(ctx context.Context, t *UnitTest, a Adapter) (*CompiledUnitTest, error) {
	return nil, context.Canceled
}

// FixtureSQL is a query for a fixture's rows with the given column types; all
// columns of types, or only the ones the rows name.
func (p *Project) FixtureSQL(ctx context.Context, f Fixture, types []Column, onlyNamed bool) (string, error) {
	return "", context.Canceled
}

// Render renders a template as a node sees it: a hook's SQL, a header. Extra
// are more names for it, such as `results` in an on-run-end hook; their values
// are converted as [Project.Value] says. n may be nil.
func (p *Project) Render(ctx context.Context, n *Node, a Adapter, text string, extra map[string]any) (string, error) {
	return "", context.Canceled
}

// CallMacro calls a macro by the name that templates would use, as n sees it:
// the project's own wins over a package's, which wins over dbt's. n may be nil.
func (p *Project) CallMacro(ctx context.Context, n *Node, a Adapter, name string, args ...any) (any, error) {
	return nil, context.Canceled
}

// HasMacro reports whether somebody other than dbt defines the macro, so that a
// runner must call it at the step it replaces.
func (p *Project) HasMacro(name string) bool { return false }

// Relation is the relation a node makes.
func (p *Project) Relation(n *Node) Relation { return Relation{} }

// SourceRelation is the relation a source reads.
func (p *Project) SourceRelation(s *Source) Relation { return Relation{} }
