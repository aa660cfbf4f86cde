package main

import (
	"context"
	"path/filepath"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// duckDB gives each side a file of the same name, at the same place; what a
// side leaves is moved with its folder.
type duckDB struct{ current string }

const duckDBFile = "warehouse.duckdb"

func (d *duckDB) Begin(_ context.Context, folder string) (map[string]any, error) {
	d.current = filepath.Join(folder, duckDBFile)
	return map[string]any{"type": "duckdb", "path": d.current}, nil
}

func (d *duckDB) End(context.Context, string) error { return nil }

func (d *duckDB) Open(ctx context.Context, _, folder string) (warehouse.Warehouse, error) {
	return duckdb.Open(ctx, duckdb.Options{Path: filepath.Join(folder, duckDBFile)})
}

func (d *duckDB) Current(ctx context.Context) (warehouse.Warehouse, error) {
	return duckdb.Open(ctx, duckdb.Options{Path: d.current})
}
