package dbt

import "context"

// Adapter is what templates may ask of a database while a node is compiled or
// run. Its methods are called from the goroutine that called Compile.
type Adapter interface {
	// Query runs one statement and returns all its rows. A statement without
	// rows gives a table without columns.
	Query(ctx context.Context, sql string) (*Table, error)
	// Execute runs what a template hands over for its effect.
	Execute(ctx context.Context, s Statement) (*Table, error)
	// Step carries out what one of dbt's own macros does beyond text: in
	// macros/*.sql it is called as _runner.<name>(…).
	Step(ctx context.Context, t *Templates, name string, args []any) (any, error)
	// Relation looks a relation up, by the database's own rules of case. The
	// second result is false when there is none.
	Relation(ctx context.Context, database, schema, identifier string) (Relation, bool, error)
	// Relations lists a schema; the second result is false when there is none.
	Relations(ctx context.Context, database, schema string) ([]Relation, bool, error)
	// Changed says that a template made, dropped or renamed relations of a
	// schema.
	Changed(database, schema string)
	// Columns lists a relation's columns in order; none when it is missing.
	Columns(ctx context.Context, relation Relation) ([]Column, error)
}

// Statement is SQL that a template has executed.
type Statement struct {
	SQL string
	// Begin opens the node's transaction if it is not open.
	Begin bool
	// Fetch returns the rows.
	Fetch bool
}

// Table is the result of a query. Values are nil, bool, int64, float64,
// string, []byte, time.Time or Decimal.
type Table struct {
	Columns []Column
	Rows    [][]any
	Response
}

// Response is what an adapter says of a statement.
type Response struct {
	Message string // such as "SELECT 5"
	Code    string // such as "SELECT"; may be empty
	// Affected is how many rows the statement changed or returned; nil when
	// that is not known.
	Affected *int64
}

// Column is a column of a relation or of a result, with the type's name as
// the database spells it.
type Column struct {
	Name     string
	DataType string
}

// Decimal is an exact number as the database prints it.
type Decimal string
