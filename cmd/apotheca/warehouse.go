package main

import (
	"context"
	"fmt"
	"path/filepath"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// opener opens the warehouse of a target. A relative path is relative to base,
// as dbt has it: the folder of the project.
func opener(base, memoryLimit string, duckdbThreads int) func(context.Context, dbt.Target) (warehouse.Warehouse, error) {
	return func(ctx context.Context, target dbt.Target) (warehouse.Warehouse, error) {
		switch target.Type {
		case "duckdb":
			path := text(target.Credentials.Get("path"))
			if path == ":memory:" {
				path = ""
			} else if !filepath.IsAbs(path) {
				path = filepath.Join(base, path)
			}
			return duckdb.Open(ctx, duckdb.Options{
				Path: path, MemoryLimit: memoryLimit, Threads: duckdbThreads,
			})
		default:
			return nil, usagef("target %s of profile %s is of type %q, which this version cannot open",
				target.Name, target.Profile, target.Type).
				hint("choose an output of type duckdb with --target")
		}
	}
}

func text(value any, found bool) string {
	if !found || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
