package build_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
	"apotheca/internal/warehouse/postgres"
)

// BenchmarkOverhead measures what the runner itself costs per model, over 200
// trivial tables: (wall − time in the database) / models. The first run creates
// the tables, the second replaces them.
func BenchmarkOverhead(b *testing.B) {
	b.Run("duckdb", func(b *testing.B) {
		benchmarkOverhead(b, func() (warehouse.Warehouse, map[string]any, error) {
			path := filepath.Join(b.TempDir(), "w.duckdb")
			w, err := duckdb.Open(b.Context(), duckdb.Options{Path: path})
			return w, map[string]any{"type": "duckdb", "path": path, "schema": "s"}, err
		})
	})
	b.Run("postgres", func(b *testing.B) {
		benchmarkOverhead(b, func() (warehouse.Warehouse, map[string]any, error) {
			options := server.Database(b)
			w, err := postgres.Open(b.Context(), options)
			return w, postgresCredentials(options), err
		})
	})
}

func benchmarkOverhead(b *testing.B, open func() (warehouse.Warehouse, map[string]any, error)) {
	const models = 200
	files := fstest.MapFS{"dbt_project.yml": {Data: []byte("name: shop\nprofile: shop\nmodels:\n  +materialized: table\n")}}
	for i := range models {
		files[fmt.Sprintf("models/m%03d.sql", i)] = &fstest.MapFile{Data: []byte("select 1 as a")}
	}
	for b.Loop() {
		w, credentials, err := open()
		if err != nil {
			b.Fatal(err)
		}
		project, err := dbt.Load(dbt.Options{FS: files, Credentials: credentials, Now: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		ids, err := project.Select(dbt.Selection{})
		if err != nil {
			b.Fatal(err)
		}
		for _, name := range []string{"create", "replace"} {
			results, err := build.Run(b.Context(), build.Options{Project: project, Warehouse: w, Command: build.Build, IDs: ids, Threads: 1, TargetDir: b.TempDir()})
			if err != nil || results.Failed() || results.Total() != models {
				b.Fatal(err, results.Failed(), results.Total())
			}
			var database time.Duration
			for _, r := range results.All {
				database += r.DatabaseTime
			}
			perModel := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / models }
			b.ReportMetric(perModel(results.Elapsed-database), name+"-overhead-ms/model")
			b.ReportMetric(perModel(database), name+"-database-ms/model")
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
