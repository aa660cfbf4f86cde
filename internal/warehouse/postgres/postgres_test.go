package postgres_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
	"apotheca/internal/warehouse/warehousetest"
)

// server is for all tests that do not harm it.
var server = postgrestest.Shared()

// TestMain keeps the machine's own settings of PostgreSQL out of the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("PGPASSFILE", os.DevNull)
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

func open(t *testing.T, o postgres.Options) *postgres.Warehouse {
	t.Helper()
	w, err := postgres.Open(t.Context(), o)
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
	warehousetest.Run(t, func(t *testing.T) warehouse.Warehouse { return open(t, server.Database(t)) })
}

func fetch(t *testing.T, w *postgres.Warehouse, sql string) warehouse.Table {
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

// Every type is printed by the server or held by the contract's own.
func TestValues(t *testing.T) {
	t.Parallel()
	got := fetch(t, open(t, server.Database(t)), `
-- a comment first, duplicate names, an end with a semicolon
select
    '{"b": 1.10, "a": [1e400]}'::json as j,
    '{"b": 1.10, "a": 1}'::jsonb as j,
    array[1, null, 3] as a,
    array['x y', 'z'] as t,
    interval '3 days 04:05:06' as i,
    time '12:30:00' as t,
    '\xAA'::bytea as b,
    'A4B5C6D7-0000-1111-2222-333344445555'::uuid as u,
    170141183460469231731687303715884105727::numeric as h,
    'NaN'::numeric as nan,
    timestamp '2024-01-02 03:04:05' as ts,
    'infinity'::timestamptz as forever,
    date '0044-03-15 BC' as ides,
    1.5::real as f,
    0.1::double precision as d,
    7::smallint as s,
    'x'::char(3) as c,
    true as yes,
    null as nothing;`)
	want := []string{
		`{"b": 1.10, "a": [1e400]}`, `{"a": 1, "b": 1.10}`, "{1,NULL,3}", `{"x y",z}`, "3 days 04:05:06", "12:30:00", `\xaa`,
		"a4b5c6d7-0000-1111-2222-333344445555", "170141183460469231731687303715884105727", "NaN", "2024-01-02 03:04:05",
		"infinity", "0044-03-15 BC", "1.5", "0.1", "7", "x  ", "true", "NULL",
	}
	wantTypes := []string{
		"json", "jsonb", "integer[]", "text[]", "interval", "time without time zone", "bytea", "uuid", "numeric", "numeric",
		"timestamp without time zone", "timestamp with time zone", "date", "real", "double precision", "smallint", "character(3)", "boolean", "text",
	}
	var texts, types []string
	for i, v := range got.Rows[0] {
		texts, types = append(texts, warehouse.Text(v)), append(types, got.Columns[i].Type)
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantTypes, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}

// The sizes of types are spelled as the catalog spells them.
func TestTypeNamesAreTheCatalogs(t *testing.T) {
	t.Parallel()
	conn := session(t, open(t, server.Database(t)))
	execute(t, conn, `
create schema far;
create type far.mood as enum ('sad', 'glad');
create type pair as (a integer, b text);
create table t (
    a numeric(10,2), b numeric(3,-1), c varchar(20), d varchar, e char(3), f numeric, g text[], h bigint, i "char", j name, k bpchar,
    l timestamp(3), m timestamptz(0), n time(2), o interval day to second(1), p bit(3), q bit varying, r varchar(5)[], s numeric(4,1)[],
    t far.mood, u far.mood[], v pair, w int4range, x money, y xid, z real[]
)`)
	listed, err := warehouse.Fetch(t.Context(), conn, -1, "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum")
	if err != nil {
		t.Fatal(err)
	}
	selected, err := warehouse.Fetch(t.Context(), conn, 0, "select * from t")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range listed.Rows {
		if got, want := selected.Columns[i].Type, row[0]; got != want {
			t.Errorf("column %s is %q, want %q", selected.Columns[i].Name, got, want)
		}
	}
	err = conn.Transact(t.Context(), func(ctx context.Context) error {
		execute(t, conn, "create type fresh as enum ('a')")
		got, err := warehouse.Fetch(ctx, conn, -1, "select 'glad'::far.mood as m, 1 as n, 'a'::fresh as f")
		if diff := cmp.Diff([]warehouse.ResultColumn{{Name: "m", Type: "far.mood"}, {Name: "n", Type: "integer"}, {Name: "f", Type: "fresh"}}, got.Columns); diff != "" {
			t.Errorf("types of a transaction (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	long, err := warehouse.Fetch(t.Context(), conn, 1, "select 'glad'::far.mood as m from generate_series(1, 100000)")
	if err != nil || !strings.HasPrefix(long.Columns[0].Type, "type ") || long.Rows[0][0] != "glad" {
		t.Errorf("long result = %v, %v, want a type with a number and the row", long, err)
	}
}

// A reader who leaves has the server stop; the session is good at once, and
// inside a transaction nothing is undone.
func TestLeaveALongResult(t *testing.T) {
	t.Parallel()
	conn := session(t, open(t, server.Database(t)))
	const endless = "select generate_series(1, 1000000000000)"
	for range 20 {
		if _, err := warehouse.Fetch(t.Context(), conn, 3, endless); err != nil {
			t.Fatal(err)
		}
		execute(t, conn, "select 1")
	}
	err := conn.Transact(t.Context(), func(ctx context.Context) error {
		execute(t, conn, "create table t (a integer)")
		_, err := warehouse.Fetch(ctx, conn, 3, "select * from generate_series(1, 100000)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := warehouse.Fetch(t.Context(), conn, 1, "insert into t select * from generate_series(1, 5000) returning a"); err != nil || len(got.Rows) != 1 {
		t.Fatal(got, err)
	}
	if got, err := warehouse.Fetch(t.Context(), conn, -1, "select count(*) from t"); err != nil || got.Rows[0][0] != int64(5000) {
		t.Errorf("rows = %v, %v, want all 5000 of the insert that was left", got.Rows, err)
	}
}

// The result of a statement before the last is passed over, or refused when it
// is too long for that; it never stands for the last.
func TestResultIsTheLast(t *testing.T) {
	t.Parallel()
	conn := session(t, open(t, server.Database(t)))
	got, err := warehouse.Fetch(t.Context(), conn, -1, "select * from generate_series(1, 999); select 'last'")
	if err != nil || len(got.Rows) != 1 || got.Rows[0][0] != "last" {
		t.Errorf("result = %v, %v, want that of the last statement", got.Rows, err)
	}
	_, err = warehouse.Fetch(t.Context(), conn, -1, "select * from generate_series(1, 1001); select 'last'")
	if err == nil || !strings.Contains(err.Error(), "\nhint: run the statements one at a time") {
		t.Errorf("a long result before the last = %v, want an error with a hint", err)
	}
}
