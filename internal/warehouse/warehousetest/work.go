package warehousetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

func testSeveralStatements(b *bench) {
	b.exec("create table " + b.quoted("t") + " (a int); insert into " + b.quoted("t") +
		" values (1); -- a comment; with a semicolon\ninsert into " + b.quoted("t") + " values (2)")
	if got := b.count("t"); got != 2 {
		b.Errorf("rows = %d, want 2", got)
	}
	got := b.fetch("insert into " + b.quoted("t") + " values (3); select max(a) from " + b.quoted("t"))
	if len(got.Rows) != 1 || got.Rows[0][0] != int64(3) {
		b.Errorf("last statement returned %v, want 3", got.Rows)
	}
	_, err := b.conn.Exec(b.Context(), "insert into "+b.quoted("t")+" values (4); select no_such_column; insert into "+b.quoted("t")+" values (5)")
	if err == nil {
		b.Error("a failing statement in the middle: no error")
	}
	if got := b.fetch("select count(*) from " + b.quoted("t") + " where a = 5").Rows[0][0]; got != int64(0) {
		b.Error("the statement after the failing one ran")
	}
}

func testRowCounts(b *bench) {
	b.create("t", column("a", schema.Integer))
	if got := b.exec("insert into " + b.quoted("t") + " values (1), (2), (3)").Rows; got != 3 {
		b.Errorf("insert = %d rows, want 3", got)
	}
	if got := b.exec("delete from " + b.quoted("t") + " where a > 1").Rows; got != 2 {
		b.Errorf("delete = %d rows, want 2", got)
	}
	if got := b.exec("create table " + b.quoted("u") + " as select * from generate_series(1, 7)").Rows; got != 7 {
		b.Errorf("create table as = %d rows, want 7", got)
	}
	if got := b.exec("create view " + b.quoted("v") + " as select 1 as a").Rows; got > 0 {
		b.Errorf("create view = %d rows, want none", got)
	}
}

func testLoadIsAtomic(b *bench) {
	columns := []schema.Column{column("a", schema.Integer)}
	b.create("t", columns...)
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{int64(i)}
	}
	if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence(rows, errSource)); !errors.Is(err, errSource) {
		b.Errorf("load = %v, want the source's error", err)
	}
	if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence([][]any{{int64(1)}, {"x"}}, nil)); err == nil {
		b.Error("text for an integer: no error")
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows after failed loads = %d, want 0", got)
	}
	b.load("t", columns, []any{int64(7)})
}

// testLoadRefuses loads values that the table's own column cannot hold.
func testLoadRefuses(b *bench) {
	b.exec("create table " + b.quoted("t") + " (a integer, b decimal(4,2), c integer not null)")
	columns := []schema.Column{column("a", schema.Integer), column("b", schema.Decimal(4, 2)), column("c", schema.Integer)}
	for _, row := range [][]any{
		{int64(math.MaxInt32) + 1, nil, int64(1)},
		{nil, warehouse.Decimal("123.45"), int64(1)},
		{nil, nil, nil},
		{int64(1), nil},
	} {
		if _, err := b.conn.Load(b.Context(), b.relation("t"), columns, sequence([][]any{row}, nil)); err == nil {
			b.Errorf("load %v: no error", row)
		}
	}
	if _, err := b.conn.Load(b.Context(), b.relation("missing"), columns, sequence(nil, nil)); err == nil {
		b.Error("load into a missing table: no error")
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows = %d, want 0", got)
	}
}

func testLoadManyRows(b *bench) {
	const rows = 300_000
	b.exec("create table " + b.quoted("many") + " (id bigint, label varchar default 'none', amount double precision)")
	columns := []schema.Column{column("amount", schema.Double), column("id", schema.Integer)}
	var generated iter.Seq2[[]any, error] = func(yield func([]any, error) bool) {
		for i := range int64(rows) {
			if !yield([]any{float64(i) / 2, i}, nil) {
				return
			}
		}
	}
	err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		_, err := b.conn.Load(ctx, b.relation("many"), columns, generated)
		return err
	})
	if err != nil {
		b.Fatalf("load: %v", err)
	}
	got := b.fetch("select count(*), cast(sum(id) as bigint), sum(amount), min(label) from " + b.quoted("many"))
	const sum = int64(rows) * (rows - 1) / 2
	b.equal([][]any{{int64(rows), sum, float64(sum) / 2, "none"}}, got.Rows)
}

func testCommit(b *bench) {
	b.create("t", column("a", schema.Integer))
	other := b.session()
	err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		b.exec("insert into " + b.quoted("t") + " values (1)")
		unseen, err := warehouse.Fetch(ctx, other, -1, "select * from "+b.quoted("t"))
		if len(unseen.Rows) != 0 {
			b.Error("another session sees what is not committed")
		}
		return err
	})
	if err != nil {
		b.Fatalf("transact: %v", err)
	}
	seen, err := warehouse.Fetch(b.Context(), other, -1, "select * from "+b.quoted("t"))
	if err != nil || len(seen.Rows) != 1 {
		b.Errorf("another session reads %v, %v, want the committed row", seen.Rows, err)
	}
}

func testRollback(b *bench) {
	b.create("t", column("a", schema.Integer))
	err := b.conn.Transact(b.Context(), func(context.Context) error {
		b.exec("insert into " + b.quoted("t") + " values (1)")
		b.exec("create table " + b.quoted("u") + " (a int)")
		return errSource
	})
	if !errors.Is(err, errSource) {
		b.Errorf("transact = %v, want the work's error", err)
	}
	if got := b.count("t"); got != 0 {
		b.Errorf("rows after rollback = %d, want 0", got)
	}
	_, exists := b.conn.Exec(b.Context(), "select * from "+b.quoted("u"))
	if b.dialect.TransactionalDDL == (exists == nil) {
		b.Errorf("table made in a rolled back transaction: %v, but TransactionalDDL = %v", exists, b.dialect.TransactionalDDL)
	}
	// A statement that fails must not leave the session inside a transaction.
	err = b.conn.Transact(b.Context(), func(ctx context.Context) error {
		_, err := b.conn.Exec(ctx, "select no_such_column")
		return err
	})
	if err == nil {
		b.Error("transact with a failing statement: no error")
	}
	b.exec("insert into " + b.quoted("t") + " values (2)")
	if err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		return b.conn.Transact(ctx, func(context.Context) error { return nil })
	}); err == nil {
		b.Error("a transaction inside a transaction: no error")
	}
}

func testRollbackOnPanic(b *bench) {
	b.create("t", column("a", schema.Integer))
	func() {
		defer func() {
			if recover() == nil {
				b.Error("the panic was swallowed")
			}
		}()
		_ = b.conn.Transact(b.Context(), func(context.Context) error {
			b.exec("insert into " + b.quoted("t") + " values (1)")
			panic("in the middle")
		})
	}()
	if got := b.count("t"); got != 0 {
		b.Errorf("rows after a panic = %d, want 0", got)
	}
}

// testSwap replaces a table by another in the way the dialect declares, while
// a view hangs on it.
func testSwap(b *bench) {
	if b.dialect.Replace != warehouse.RenameSwap {
		b.Skip("this database replaces by create or replace")
	}
	b.exec("create table " + b.quoted("t") + " as select 1 as a")
	b.exec("create view " + b.quoted("v") + " as select * from " + b.quoted("t"))
	err := b.conn.Transact(b.Context(), func(context.Context) error {
		b.exec("create table " + b.quoted("t__tmp") + " as select 2 as a")
		b.exec("alter table " + b.quoted("t") + " rename to " + b.dialect.Quote("t__backup"))
		b.exec("alter table " + b.quoted("t__tmp") + " rename to " + b.dialect.Quote("t"))
		return nil
	})
	if err != nil {
		b.Fatalf("swap: %v", err)
	}
	b.exec("drop table " + b.quoted("t__backup") + b.dialect.DropCascade)
	if got := b.fetch("select a from " + b.quoted("t")).Rows[0][0]; got != int64(2) {
		b.Errorf("after the swap a = %v, want 2", got)
	}
}

func testCancel(b *bench) {
	const slow = "select count(*) from generate_series(1, 100000) as x(a), generate_series(1, 100000) as y(b) where sin(a) > sin(b)"
	ctx, cancel := context.WithCancel(b.Context())
	timer := time.AfterFunc(50*time.Millisecond, cancel)
	defer timer.Stop()
	start := time.Now()
	_, err := warehouse.Fetch(ctx, b.conn, -1, slow)
	if !errors.Is(err, context.Canceled) {
		b.Errorf("cancelled query = %v, want context.Canceled", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		b.Errorf("the cancelled query ran on for %v", took)
	}
	if _, err := b.conn.Exec(cancelled(b.Context()), "create table "+b.quoted("t")+" (a int)"); !errors.Is(err, context.Canceled) {
		b.Errorf("exec with an ended context = %v, want context.Canceled", err)
	}
	columns := []schema.Column{column("a", schema.Integer)}
	b.create("t", columns...)
	if _, err := b.conn.Load(cancelled(b.Context()), b.relation("t"), columns, sequence([][]any{{int64(1)}}, nil)); !errors.Is(err, context.Canceled) {
		b.Errorf("load with an ended context = %v, want context.Canceled", err)
	}
	// The session is still good.
	if got := b.count("t"); got != 0 {
		b.Errorf("rows = %d, want 0", got)
	}
}

func testLeaveEarly(b *bench) {
	rows, err := b.conn.Query(b.Context(), "select * from generate_series(1, 10000)")
	if err != nil {
		b.Fatal(err)
	}
	for range rows.All() {
		break
	}
	if err := rows.Close(); err != nil {
		b.Errorf("second close: %v", err)
	}
	got, err := warehouse.Fetch(b.Context(), b.conn, 3, "select * from generate_series(1, 10000)")
	if err != nil || len(got.Rows) != 3 {
		b.Errorf("fetch of 3 = %d rows, %v", len(got.Rows), err)
	}
}

// testSessions has several sessions make and replace tables in one schema at
// once, as the workers of a build do: no two touch the same name, so none may
// get in another's way.
func testSessions(b *bench) {
	const sessions, rounds = 4, 10
	failed := make(chan error, sessions)
	for s := range sessions {
		conn, name := b.session(), fmt.Sprintf("t%d", s)
		go func() {
			for i := range rounds {
				if err := b.replace(conn, name, i); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range sessions {
		if err := <-failed; err != nil {
			b.Errorf("session: %v", err)
		}
	}
	if got := len(b.fetch(b.dialect.ListRelations, b.database, schemaName).Rows); got != sessions {
		b.Errorf("tables = %d, want %d", got, sessions)
	}
}

// replace makes a table new beside the old one and swaps it in.
func (b *bench) replace(conn warehouse.Conn, name string, round int) error {
	script := []string{"create table " + b.quoted(name+"_new") + " as select 1 as a"}
	if round > 0 {
		script = append(script,
			"alter table "+b.quoted(name)+" rename to "+b.dialect.Quote(name+"_old"),
			"drop table "+b.quoted(name+"_old")+b.dialect.DropCascade)
	}
	script = append(script, "alter table "+b.quoted(name+"_new")+" rename to "+b.dialect.Quote(name))
	return conn.Transact(b.Context(), func(ctx context.Context) error {
		for _, sql := range script {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}

func testErrors(b *bench) {
	_, err := b.conn.Exec(b.Context(), "select * from "+b.quoted("no_such_table"))
	if err == nil || !strings.Contains(err.Error(), "no_such_table") {
		b.Errorf("error = %v, want one that names no_such_table", err)
	}
	if _, err := b.conn.Query(b.Context(), "selec 1"); err == nil {
		b.Error("broken SQL: no error")
	}
}
