package warehouse

import (
	"context"

	"apotheca/internal/schema"
)

// ParquetLoader is a session of a database that reads Parquet files of this
// machine by itself, faster than rows can be handed to it one by one.
type ParquetLoader interface {
	// LoadParquet appends the rows of a file to an existing table, as Load
	// would, and returns how many. Columns are found by their names; text is
	// converted to decimals. Rows below the bound are passed over.
	LoadParquet(ctx context.Context, table Relation, columns []schema.Column, path string, from Bound) (int64, error)
}

// Bound is the least value of a column; without a column there is none.
type Bound struct {
	Column string
	Value  any
}
