package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

func session(t *testing.T, w *postgres.Warehouse) warehouse.Conn {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close session: %v", err)
		}
	})
	return conn
}

func execute(t *testing.T, conn warehouse.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// What the server says of a statement reads as psql and psycopg2 print it.
func TestErrorsReadAsInPsql(t *testing.T) {
	t.Parallel()
	conn := session(t, open(t, server.Database(t)))
	execute(t, conn, "create table t (a integer primary key)")
	long := strings.Repeat("1+", 50)
	tests := []struct{ sql, want string }{
		{"select a,\n\tnö, b\nfrom t", "column \"nö\" does not exist\nLINE 2:  nö, b\n         ^"},
		{"select a,\r\n\tno, b\r\nfrom t", "column \"no\" does not exist\nLINE 2:  no, b\n         ^"},
		{"select 'ä' || no_such", "column \"no_such\" does not exist\nLINE 1: select 'ä' || no_such\n                      ^"},
		{"select 1 from", "syntax error at end of input\nLINE 1: select 1 from\n                     ^"},
		{"insert into t values (1), (1)", "duplicate key value violates unique constraint \"t_pkey\"\nDETAIL:  Key (a)=(1) already exists."},
		{"select aa from t", "column \"aa\" does not exist\nLINE 1: select aa from t\n               ^\nHINT:  Perhaps you meant to reference the column \"t.a\"."},
		{"select " + long + "x from t", "column \"x\" does not exist\nLINE 1: ..." + long[48:] + "x from t\n" + strings.Repeat(" ", 63) + "^"},
		{"select x + " + long + "1", "column \"x\" does not exist\nLINE 1: select x + " + long[:49] + "...\n               ^"},
		{
			"select " + long + "x + " + long + "1 from t",
			"column \"x\" does not exist\nLINE 1: ..." + long[50:] + "x + 1+1+1+...\n" + strings.Repeat(" ", 61) + "^",
		},
		{
			"do $$ begin execute 'select nocol from t'; end $$",
			"column \"nocol\" does not exist\nLINE 1: select nocol from t\n               ^\nQUERY:  select nocol from t\nCONTEXT:  PL/pgSQL function inline_code_block line 1 at EXECUTE",
		},
	}
	for _, tt := range tests {
		_, err := conn.Exec(t.Context(), tt.sql)
		if err == nil {
			t.Errorf("%s: no error", tt.sql)
			continue
		}
		if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.sql, diff)
		}
	}
}

// A discreet warehouse says what is wrong with a row, and nothing of what is
// in it.
func TestDiscreetErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, discreet := range []bool{false, true} {
		o := server.Database(t)
		o.Discreet = discreet
		conn := session(t, open(t, o))
		execute(t, conn, "create table patients (name text primary key, country text not null); insert into patients values ('O''Solveig', 'Sverige')")
		tests := []string{
			"select cast(name as integer) from patients",
			"select cast(name as date) from patients",
			"insert into patients select * from patients",
			"update patients set country = null",
			"select to_date(name, 'Month') from patients",
			"do $$ begin raise exception '%', (select name from patients); end $$",
			"do $$ begin execute (select 'select \"' || name || '\"' from patients); end $$",
		}
		for _, sql := range tests {
			_, err := conn.Exec(t.Context(), sql)
			if err == nil {
				t.Fatalf("%s: no error, want one", sql)
			}
			if got := strings.Contains(err.Error(), "Solveig"); got == discreet {
				t.Errorf("discreet %v, %s: %v", discreet, sql, err)
			}
		}
		columns := []schema.Column{{Name: "name", Type: schema.Text}, {Name: "country", Type: schema.Text, Nullable: true}}
		_, err := conn.Load(t.Context(), warehouse.Relation{Name: "patients"}, columns, func(yield func([]any, error) bool) {
			yield([]any{"O'Solveig", nil}, nil)
		})
		if err == nil || strings.Contains(err.Error(), "Solveig") == discreet {
			t.Errorf("discreet %v, load: %v", discreet, err)
		}
	}
}

// What a caller can do something about is told apart, with a hint.
func TestErrorKinds(t *testing.T) {
	t.Parallel()
	w := open(t, server.Database(t))
	conn, other := session(t, w), session(t, w)
	for _, sql := range []string{
		"create role visitor", "create schema private", "create table held (a integer)", "insert into held values (1)",
	} {
		execute(t, conn, sql)
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), "reset role; drop role visitor"); err != nil {
			t.Error(err)
		}
	})
	execute(t, other, "begin; lock table held")
	tests := []struct {
		sql, hint string
		kind      error
	}{
		{"set statement_timeout = 10; select pg_sleep(60)", `alter role "postgres" set statement_timeout`, warehouse.ErrTimeout},
		{"set statement_timeout = 0; set lock_timeout = 10; select * from held", "pg_stat_activity", warehouse.ErrTimeout},
		{"set role visitor; create table private.t (a integer)", `grant usage, create on schema "private" to "postgres"`, warehouse.ErrPermission},
		{"set role visitor; create schema mine", "grant create on database", warehouse.ErrPermission},
		{"set role visitor; drop table held", "as the owner", warehouse.ErrPermission},
		{"select pg_cancel_backend(pg_backend_pid()), pg_sleep(60)", "somebody cancelled", nil},
		{"select pg_terminate_backend(pg_backend_pid())", "server's log", warehouse.ErrConnectionLost},
	}
	for _, tt := range tests {
		_, err := session(t, w).Exec(t.Context(), tt.sql)
		if err == nil || tt.kind != nil && !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), "\nhint: ") || !strings.Contains(err.Error(), tt.hint) {
			t.Errorf("%s: %v\nwant %v and in the hint %q", tt.sql, err, tt.kind, tt.hint)
		}
	}
	execute(t, other, "rollback")
}

// Two transactions that wait for one another: one of them is told to do it
// again.
func TestDeadlockIsAConflict(t *testing.T) {
	t.Parallel()
	w := open(t, server.Database(t))
	one, two := session(t, w), session(t, w)
	execute(t, one, "create table a (n integer); create table b (n integer)")
	execute(t, one, "set deadlock_timeout = 10; begin; lock table a")
	execute(t, two, "set deadlock_timeout = '1h'; begin; lock table b")
	locked := make(chan error, 1)
	go func() {
		_, err := two.Exec(t.Context(), "lock table a")
		locked <- err
	}()
	for len(fetch(t, w, "select 1 from pg_locks where not granted").Rows) == 0 {
	}
	if _, err := one.Exec(t.Context(), "lock table b"); !errors.Is(err, warehouse.ErrConflict) {
		t.Errorf("deadlock = %v, want ErrConflict", err)
	}
	execute(t, one, "rollback")
	if err := <-locked; err != nil {
		t.Errorf("the other session: %v", err)
	}
}

// A server that is killed in the middle of a transaction has kept nothing of
// it, and says so; a new session finds what was there before.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	own := postgrestest.Start(t)
	w := open(t, own.Options())
	conn, waiting, loading := session(t, w), session(t, w), session(t, w)
	execute(t, conn, "create table t (a integer); insert into t values (1)")

	slept := make(chan error, 1)
	go func() {
		_, err := waiting.Exec(t.Context(), "select pg_sleep(600)")
		slept <- err
	}()
	err := conn.Transact(t.Context(), func(ctx context.Context) error {
		execute(t, conn, "truncate t; insert into t values (2), (3)")
		own.Kill()
		_, err := conn.Exec(ctx, "insert into t values (4)")
		return err
	})
	if !errors.Is(err, warehouse.ErrConnectionLost) || !strings.Contains(err.Error(), "\nhint: ") {
		t.Errorf("transact on a killed server = %v, want ErrConnectionLost and a hint", err)
	}
	if err := <-slept; !errors.Is(err, warehouse.ErrConnectionLost) {
		t.Errorf("statement on a killed server = %v, want ErrConnectionLost", err)
	}
	columns := []schema.Column{{Name: "a", Type: schema.Integer}}
	if _, err := loading.Load(t.Context(), warehouse.Relation{Name: "t"}, columns, nil); !errors.Is(err, warehouse.ErrConnectionLost) {
		t.Errorf("load on a killed server = %v, want ErrConnectionLost", err)
	}
	wantRefusal(t, own.Options(), "socket", "start the server")

	own.Restart(t)
	if got := fetch(t, w, "select * from t").Rows; len(got) != 1 || got[0][0] != int64(1) {
		t.Errorf("after the crash t = %v, want what was there before", got)
	}
}

// The server goes while rows are loaded.
func TestServerIsKilledInALoad(t *testing.T) {
	t.Parallel()
	own := postgrestest.Start(t)
	w := open(t, own.Options())
	conn := session(t, w)
	execute(t, conn, "create table t (a integer)")
	columns := []schema.Column{{Name: "a", Type: schema.Integer}}
	_, err := conn.Load(t.Context(), warehouse.Relation{Name: "t"}, columns, func(yield func([]any, error) bool) {
		for i := int64(0); yield([]any{i}, nil); i++ {
			if i == 1_000_000 {
				own.Kill()
			}
		}
	})
	if !errors.Is(err, warehouse.ErrConnectionLost) {
		t.Errorf("load = %v, want ErrConnectionLost", err)
	}
	own.Restart(t)
	if got := fetch(t, w, "select count(*) from t").Rows[0][0]; got != int64(0) {
		t.Errorf("rows after the crash = %v, want none", got)
	}
}

// What cannot be stored is named with its place.
func TestLoadNamesThePlace(t *testing.T) {
	t.Parallel()
	conn := session(t, open(t, server.Database(t)))
	execute(t, conn, "create table t (id bigint, name text, j json, small varchar(2), n numeric(4,2))")
	columns := []schema.Column{
		{Name: "id", Type: schema.Integer}, {Name: "name", Type: schema.Text}, {Name: "j", Type: schema.JSON},
		{Name: "small", Type: schema.Text}, {Name: "n", Type: schema.Decimal(4, 2)},
	}
	good := []any{int64(1), "a", `{}`, "b", warehouse.Decimal("1")}
	tests := []struct {
		column int
		value  any
		want   []string
	}{
		{0, "x", []string{"row 2: column id: it wants an integer and was given string"}},
		{1, "a\x00b", []string{"0x00", "line 2, column name", "\nhint: PostgreSQL stores no NUL"}},
		{1, "a\xffb", []string{"0xff", "line 2, column name", "\nhint: "}},
		{2, "{", []string{"invalid input syntax for type json", "line 2, column j"}},
		{3, "abc", []string{"too long for type character varying(2)", "line 2, column small"}},
		{4, warehouse.Decimal("123"), []string{"numeric field overflow", "line 2, column n"}},
		{4, warehouse.Decimal("1e5"), []string{"row 2: column n: it is no decimal number"}},
	}
	for _, tt := range tests {
		bad := append([]any{}, good...)
		bad[tt.column] = tt.value
		_, err := conn.Load(t.Context(), warehouse.Relation{Name: "t"}, columns, func(yield func([]any, error) bool) {
			_ = yield(good, nil) && yield(bad, nil)
		})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("load %q = %v, want %q in it", tt.value, err, want)
			}
		}
	}
}
