package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// opener opens the warehouse of a target. A relative path is relative to base,
// as dbt has it: the folder of the project.
func opener(base, memoryLimit string) func(context.Context, dbt.Target) (warehouse.Warehouse, error) {
	return func(ctx context.Context, target dbt.Target) (warehouse.Warehouse, error) {
		switch target.Type {
		case "duckdb":
			if err := checkDuckDB(target); err != nil {
				return nil, err
			}
			path := text(target.Credentials.Get("path"))
			if path == ":memory:" {
				path = ""
			} else if !filepath.IsAbs(path) {
				path = filepath.Join(base, path)
			}
			return duckdb.Open(ctx, duckdb.Options{Path: path, MemoryLimit: memoryLimit})
		default:
			return nil, usagef("target %s of profile %s is of type %q, which this version cannot open",
				target.Name, target.Profile, target.Type).
				hint("choose an output of type duckdb with --target")
		}
	}
}

// duckdbKeys are what an output of type duckdb may say. Others (attach,
// settings, extensions, …) would change what the models see, so that passing
// over them would give a result that real dbt does not.
var duckdbKeys = []string{"type", "path", "database", "schema", "threads", "retries"}

func checkDuckDB(target dbt.Target) error {
	for _, key := range target.Credentials.Keys() {
		if name := fmt.Sprint(key); !slices.Contains(duckdbKeys, name) {
			return usagef("profiles.yml: profile %s, target %s: %q is not supported for duckdb", target.Profile, target.Name, name).
				hint("it may say %s", strings.Join(duckdbKeys, ", "))
		}
	}
	return nil
}

func text(value any, found bool) string {
	if !found || value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
