package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
)

// BenchmarkLoad loads rows of six columns by the bulk path, and beside it has
// psql copy the same rows from a file into the same table.
func BenchmarkLoad(b *testing.B) {
	const rows = 500_000
	columns := []schema.Column{
		{Name: "id", Type: schema.Integer}, {Name: "label", Type: schema.Text},
		{Name: "amount", Type: schema.Double, Nullable: true}, {Name: "day", Type: schema.Date},
		{Name: "at", Type: schema.Timestamp}, {Name: "note", Type: schema.Text},
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
	file := filepath.Join(b.TempDir(), "rows.tsv")
	writeRows(b, file, rows)
	o := server.Database(b)
	conn := benchSession(b, o)
	table := warehouse.Relation{Name: "bulk"}
	create, err := postgres.Dialect().CreateTable(table, columns)
	if err != nil {
		b.Fatal(err)
	}
	renew := func() {
		if _, err := conn.Exec(b.Context(), "drop table if exists bulk; "+create+"; checkpoint"); err != nil {
			b.Fatal(err)
		}
	}
	var ours, psql time.Duration
	for b.Loop() {
		renew()
		start := time.Now()
		if loaded, err := conn.Load(b.Context(), table, columns, source); err != nil || loaded != rows {
			b.Fatal(loaded, err)
		}
		ours += time.Since(start)
		renew()
		start = time.Now()
		psqlCopy(b, o, "bulk", file)
		psql += time.Since(start)
	}
	b.ReportMetric(rows*float64(b.N)/ours.Seconds(), "rows/s")
	b.ReportMetric(rows*float64(b.N)/psql.Seconds(), "psql-rows/s")
	b.ReportMetric(psql.Seconds()/ours.Seconds(), "of-psql")
}

func benchSession(b *testing.B, o postgres.Options) warehouse.Conn {
	b.Helper()
	w, err := postgres.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := w.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

func writeRows(b *testing.B, path string, rows int) {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(file)
	for i := range rows {
		fmt.Fprintf(out, "%d\ta label\t1.5\t2024-02-29\t2024-02-29 12:00:00+00\ta note that does not fit in twelve bytes\n", i)
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}

func psqlCopy(b *testing.B, o postgres.Options, table, file string) {
	b.Helper()
	command := exec.CommandContext(context.WithoutCancel(b.Context()), "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1",
		"-h", o.Host, "-p", fmt.Sprint(o.Port), "-U", o.User, "-d", o.Database, "-c", `\copy `+table+` from '`+file+`'`)
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("psql: %v\n%s", err, out)
	}
}
