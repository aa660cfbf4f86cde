package dbt

// UnitTest is a model's test against given rows.
type UnitTest struct {
	UniqueID         string
	Name             string
	Model            string // as written
	PackageName      string
	Path             string
	OriginalFilePath string
	FQN              []string
	Description      string
	Given            []Given
	Expect           Fixture
	Overrides        UnitTestOverrides
	DependsOn        DependsOn
	Config           *Config
	Line             int
}

// Given stands in for one input of the model.
type Given struct {
	// Input is the expression as written: ref('x'), source('a', 'b'), this.
	Input string
	// UniqueID is the node or source it names; for `this`, the model.
	UniqueID string
	Fixture  Fixture
}

// Fixture is a table written by hand: rows, or a query for format sql.
type Fixture struct {
	Format  string // dict, csv, sql
	Fixture string // name of the fixture file, or empty
	Rows    []FixtureRow
	SQL     string
}

// FixtureRow holds the columns a row names, in the order written.
type FixtureRow struct {
	Columns []string
	Values  []any
}

// UnitTestOverrides replace what the model's templates see.
type UnitTestOverrides struct {
	Macros  map[string]any
	Vars    map[string]any
	EnvVars map[string]any
}
