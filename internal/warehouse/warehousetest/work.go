package warehousetest

import (
	"context"
	"errors"
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

func testErrors(b *bench) {
	_, err := b.conn.Exec(b.Context(), "select * from "+b.quoted("no_such_table"))
	if err == nil || !strings.Contains(err.Error(), "no_such_table") {
		b.Errorf("error = %v, want one that names no_such_table", err)
	}
	if _, err := b.conn.Query(b.Context(), "selec 1"); err == nil {
		b.Error("broken SQL: no error")
	}
}

// testKeptOrNot passes over a failure inside a transaction: whether the
// database then keeps the rest or nothing, Transact says which.
func testKeptOrNot(b *bench) {
	b.create("t", column("a", schema.Integer))
	err := b.conn.Transact(b.Context(), func(ctx context.Context) error {
		b.exec("insert into " + b.quoted("t") + " values (1)")
		if _, err := b.conn.Exec(ctx, "insert into "+b.quoted("t")+" values (cast('x' as integer))"); err == nil {
			b.Error("text for an integer: no error")
		}
		return nil
	})
	if kept := b.count("t") == 1; kept != (err == nil) {
		b.Errorf("transact = %v, but kept = %v", err, kept)
	}
}

// testFailsInTheMiddle reads a result that breaks off: the rows before it
// come, then the error, and the session is good.
func testFailsInTheMiddle(b *bench) {
	const failing = "select cast(case when a = 90000 then 'x' else '1' end as integer) from generate_series(1, 100000) as g(a)"
	rows, err := b.conn.Query(b.Context(), failing)
	if err != nil {
		return // a database may compute all before it answers
	}
	for _, err = range rows.All() {
	}
	if err == nil {
		b.Error("a query that fails at a late row: no error")
	}
	if got := b.fetch("select 1").Rows[0][0]; got != int64(1) {
		b.Errorf("select 1 = %v", got)
	}
}
