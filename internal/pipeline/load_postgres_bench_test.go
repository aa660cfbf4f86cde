package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

// BenchmarkLoadPostgres loads real studies, repeated under new ids, into the
// staging tables of a PostgreSQL server, from the lake on: read, flatten, copy.
// Beside it psql copies the same rows into empty tables of the same columns,
// from files in which they lie ready, in one session and in as many as there
// are tables. What psql does is compared with our way from the first record to
// the last row, and with the whole load: rows counted, checked and swapped in.
func BenchmarkLoadPostgres(b *testing.B) {
	studies := realStudies(b)
	for _, count := range []int{2_000, 20_000} {
		b.Run(fmt.Sprintf("studies=%d", count), func(b *testing.B) {
			if testing.Short() && count > 2_000 {
				b.Skip("takes minutes; run without -short")
			}
			lakeFile, _, _ := benchStudies(b, studies, count)
			server := postgrestest.Start(b, postgrestest.Setting("max_wal_size=4GB"))
			for b.Loop() {
				o := server.Database(b)
				first := loadPostgresInChild(b, o, lakeFile)
				again := loadPostgresInChild(b, o, lakeFile)
				rate := float64(first.Rows) / first.Seconds
				b.ReportMetric(rate, "rows/s")
				b.ReportMetric(float64(again.Rows)/again.Seconds, "again-rows/s")
				b.ReportMetric(float64(first.PeakBytes)/1e6, "peak-MB")
				b.ReportMetric(first.CPU, "cpu-s/load")
				b.Log(first.Detail)
				b.Log(again.Detail)
				files := dumpStaging(b, o)
				one, all := psqlCopies(b, o, files, false), psqlCopies(b, o, files, true)
				b.ReportMetric(float64(first.Rows)/one.Seconds(), "psql-rows/s")
				b.ReportMetric(float64(first.Rows)/all.Seconds(), "psql-at-once-rows/s")
				b.ReportMetric(one.Seconds()/first.Stream, "of-psql")
				b.ReportMetric(one.Seconds()/first.Seconds, "checked-of-psql")
			}
		})
	}
}

const (
	childPostgres = "APOTHECA_TEST_LOAD_POSTGRES"
	childLake     = "APOTHECA_TEST_LOAD_LAKE"
)

// loadPostgresInChild runs one load in a process of its own: memory is a
// process's.
func loadPostgresInChild(b *testing.B, o postgres.Options, lakeFile string) childReport {
	b.Helper()
	options, err := json.Marshal(o)
	if err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestLoadPostgresChild$", "-test.v")
	command.Env = append(os.Environ(), childPostgres+"="+string(options), childLake+"="+lakeFile)
	return reportOf(b, command)
}

// TestLoadPostgresChild is not a test but the process that
// BenchmarkLoadPostgres starts.
func TestLoadPostgresChild(t *testing.T) { //nolint:paralleltest // a process of its own
	text := os.Getenv(childPostgres)
	if text == "" {
		t.Skip("only for BenchmarkLoadPostgres")
	}
	var o postgres.Options
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	w, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	loaded, err := pipeline.LoadStaging(t.Context(), pipeline.StagingLoad{
		Warehouse: w, Spec: spec(t), Lake: os.Getenv(childLake), Content: pipeline.Content{ExtractID: "bench"},
	})
	if err != nil {
		t.Fatal(err)
	}
	report := childReport{Seconds: time.Since(start).Seconds(), PeakBytes: peakResident(t), CPU: cpuSeconds(t)}
	report.Stream = loaded.Stream.Seconds()
	report.Detail = fmt.Sprintf("stream %.2fs, check %.2fs, swap %.2fs", loaded.Stream.Seconds(), loaded.Check.Seconds(), loaded.Swap.Seconds())
	for _, table := range loaded.Tables {
		report.Rows += table.Rows
		report.Detail += fmt.Sprintf(", %s %d rows", table.Name, table.Rows)
	}
	report.print(t)
}

// dumpStaging writes each staging table into a file, and returns the files by
// the names of the tables.
func dumpStaging(b *testing.B, o postgres.Options) map[string]string {
	b.Helper()
	dir := b.TempDir()
	files := map[string]string{}
	for _, table := range spec(b).Tables() {
		files[table.Name] = filepath.Join(dir, table.Name+".tsv")
		psql(b, o, `\copy staging.`+table.Name+` to '`+files[table.Name]+`'`)
	}
	return files
}

// psqlCopies is how long psql takes to copy the files into empty tables.
func psqlCopies(b *testing.B, o postgres.Options, files map[string]string, atOnce bool) time.Duration {
	b.Helper()
	var copies []string
	psql(b, o, "drop schema if exists psql cascade", "create schema psql", "checkpoint")
	for table, file := range files {
		psql(b, o, "create table psql."+table+" (like staging."+table+" including all)")
		copies = append(copies, `\copy psql.`+table+` from '`+file+`'`)
	}
	start := time.Now()
	if !atOnce {
		psql(b, o, copies...)
		return time.Since(start)
	}
	done := make(chan struct{})
	for _, command := range copies {
		go func() {
			defer func() { done <- struct{}{} }()
			psql(b, o, command)
		}()
	}
	for range copies {
		<-done
	}
	return time.Since(start)
}

// psql runs commands one after the other in one session.
func psql(b *testing.B, o postgres.Options, commands ...string) {
	b.Helper()
	command := exec.CommandContext(context.WithoutCancel(b.Context()), "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1",
		"-h", o.Host, "-p", fmt.Sprint(o.Port), "-U", o.User, "-d", o.Database)
	command.Stdin = strings.NewReader(strings.Join(semicolons(commands), "\n") + "\n")
	if out, err := command.CombinedOutput(); err != nil {
		b.Errorf("psql: %v\n%s", err, out)
	}
}

// semicolons ends statements; psql's own commands end with their line.
func semicolons(commands []string) []string {
	ended := make([]string, len(commands))
	for i, command := range commands {
		ended[i] = command
		if !strings.HasPrefix(command, `\`) {
			ended[i] += ";"
		}
	}
	return ended
}
