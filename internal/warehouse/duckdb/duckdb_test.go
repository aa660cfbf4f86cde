package duckdb_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
	"apotheca/internal/warehouse/warehousetest"
)

func open(t *testing.T, o duckdb.Options) *duckdb.Warehouse {
	t.Helper()
	w, err := duckdb.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

func TestSuite(t *testing.T) {
	t.Parallel()
	warehousetest.Run(t, func(t *testing.T) warehouse.Warehouse {
		return open(t, duckdb.Options{Path: filepath.Join(t.TempDir(), "w.duckdb")})
	})
}

func TestSuiteInMemory(t *testing.T) {
	t.Parallel()
	warehousetest.Run(t, func(t *testing.T) warehouse.Warehouse { return open(t, duckdb.Options{}) })
}

func fetch(t *testing.T, w *duckdb.Warehouse, sql string) warehouse.Table {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	table, err := warehouse.Fetch(t.Context(), conn, -1, sql)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := open(t, duckdb.Options{Path: filepath.Join(dir, "it's.duckdb"), MemoryLimit: "300MiB", Threads: 1, TempDirectory: filepath.Join(dir, "spill")})
	got := fetch(t, w, `
select name, value from duckdb_settings()
where name in ('memory_limit', 'threads', 'temp_directory', 'autoinstall_known_extensions', 'autoload_known_extensions', 'TimeZone')
order by name`)
	want := [][]any{
		{"TimeZone", "UTC"},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"memory_limit", "300.0 MiB"},
		{"temp_directory", filepath.Join(dir, "spill")},
		{"threads", "1"},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestPrintsWhatHasNoGoType(t *testing.T) {
	t.Parallel()
	got := fetch(t, open(t, duckdb.Options{}), `
-- a comment first, duplicate names, an end with a semicolon
select
    '{"b": 1.10, "a": [1e400]}'::json as j,
    {'x': 1, 'y': 'z'} as s,
    [1, null, 3] as s,
    map {'k': 2.50} as m,
    interval 3 days as i,
    time '12:30:00' as t,
    '\xAA'::blob as b,
    'a4b5c6d7-0000-1111-2222-333344445555'::uuid as u,
    170141183460469231731687303715884105727::hugeint as h,
    timestamp '2024-01-02 03:04:05' as ts,
    1.5::float as f;`)
	want := []string{
		`{"b": 1.10, "a": [1e400]}`, `{'x': 1, 'y': z}`, "[1, NULL, 3]", "{k=2.50}", "3 days", "12:30:00", `\xAA`,
		"a4b5c6d7-0000-1111-2222-333344445555", "170141183460469231731687303715884105727", "2024-01-02 03:04:05", "1.5",
	}
	var texts []string
	for _, v := range got.Rows[0] {
		texts = append(texts, warehouse.Text(v))
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if got.Columns[0].Type != "JSON" || got.Columns[2].Type != "INTEGER[]" || got.Columns[2].Name != "s" {
		t.Errorf("columns = %v, want the types and names of the query itself", got.Columns)
	}
}

// The catalog is named as DuckDB names it for other programs, row groups are as
// large as asked for, and who opens the file to read cannot write.
func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a file.duckdb")
	w, err := duckdb.Open(t.Context(), duckdb.Options{Path: path, RowGroupRows: 16_384})
	if err != nil {
		t.Fatal(err)
	}
	got := fetch(t, w, `create table numbers as select range as n from range(50000);
select current_database(), (select count(distinct row_group_id) from pragma_storage_info('numbers')), (select count(*) from "a file".main.numbers)`)
	if diff := cmp.Diff([][]any{{"a file", int64(4), int64(50000)}}, got.Rows); diff != "" {
		t.Errorf("catalog, row groups and rows (-want +got):\n%s", diff)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("beside the closed file: %v, %v", left, err)
	}

	reader := open(t, duckdb.Options{Path: path, ReadOnly: true})
	if got := fetch(t, reader, "select count(*) from numbers"); got.Rows[0][0] != int64(50000) {
		t.Errorf("read only: %v rows, want 50000", got.Rows[0][0])
	}
	conn, err := reader.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), "drop table numbers"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("drop in a file opened read only = %v, want an error that says so", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "missing", "w.duckdb")} {
		if w, err := duckdb.Open(t.Context(), duckdb.Options{Path: path}); err == nil {
			t.Errorf("open %s: no error", path)
			_ = w.Close()
		}
	}
	_, err := duckdb.Open(t.Context(), duckdb.Options{Path: filepath.Join(t.TempDir(), "memory.duckdb")})
	if err == nil || !strings.Contains(err.Error(), "\nhint: ") {
		t.Errorf("open of a file that is named as memory is = %v, want a hint", err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage.duckdb")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = duckdb.Open(t.Context(), duckdb.Options{Path: garbage})
	if err == nil || !strings.Contains(err.Error(), garbage) {
		t.Errorf("open of a file that is no database = %v, want an error that names it", err)
	}
}

// TestLockedNamesTheHolder runs itself as a second process that holds the file.
func TestLockedNamesTheHolder(t *testing.T) {
	if path := os.Getenv("HOLD_DUCKDB_FILE"); path != "" {
		open(t, duckdb.Options{Path: path})
		_, _ = os.Stdout.WriteString("held\n")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	holder := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockedNamesTheHolder$")
	holder.Env = append(os.Environ(), "HOLD_DUCKDB_FILE="+path)
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatalf("holder said %q, %v", line, err)
	}

	_, err = duckdb.Open(t.Context(), duckdb.Options{Path: path})
	var locked *duckdb.LockedError
	if !errors.As(err, &locked) || locked.PID == "" || !strings.Contains(err.Error(), "\nhint: ") {
		t.Errorf("open = %v, want a LockedError with the process and a hint", err)
	}
	_ = stdin.Close()
	if err := holder.Wait(); err != nil {
		t.Errorf("holder: %v", err)
	}
	open(t, duckdb.Options{Path: path})
}
