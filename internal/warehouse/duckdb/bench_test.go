package duckdb_test

import (
	"path/filepath"
	"testing"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// BenchmarkLoad loads rows of six columns into a file by the bulk path.
func BenchmarkLoad(b *testing.B) {
	const rows = 500_000
	columns := []schema.Column{
		{Name: "id", Type: schema.Integer}, {Name: "label", Type: schema.Text},
		{Name: "amount", Type: schema.Double, Nullable: true}, {Name: "day", Type: schema.Date},
		{Name: "at", Type: schema.Timestamp}, {Name: "note", Type: schema.Text},
	}
	table := warehouse.Relation{Name: "bulk"}
	create, err := duckdb.Dialect().CreateTable(table, columns)
	if err != nil {
		b.Fatal(err)
	}
	day, at := warehouse.NewDate(2024, 2, 29), time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	source := func(yield func([]any, error) bool) {
		row := []any{int64(0), "a label", 1.5, day, at, "a note that does not fit in twelve bytes"}
		for i := range int64(rows) {
			row[0] = i
			if !yield(row, nil) {
				return
			}
		}
	}
	for b.Loop() {
		w, err := duckdb.Open(b.Context(), duckdb.Options{Path: filepath.Join(b.TempDir(), "w.duckdb")})
		if err != nil {
			b.Fatal(err)
		}
		conn, err := w.Conn(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(b.Context(), create); err != nil {
			b.Fatal(err)
		}
		if loaded, err := conn.Load(b.Context(), table, columns, source); err != nil || loaded != rows {
			b.Fatal(loaded, err)
		}
		if err := conn.Close(); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
