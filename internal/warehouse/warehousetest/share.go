package warehousetest

import (
	"context"
	"fmt"
	"sync/atomic"

	"apotheca/internal/warehouse"
)

// testSwap replaces a table by another, by renaming in one transaction, while
// a view hangs on it.
func testSwap(b *bench) {
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
	return b.script(conn, script...)
}

// testSwapUnderReaders replaces a table over and over while others read it:
// they see all of the old one or all of the new one, and always one.
func testSwapUnderReaders(b *bench) {
	const readers, rounds, rows = 3, 20, 1000
	create := func(name string, round int) string {
		return fmt.Sprintf("create table %s as select %d as a from generate_series(1, %d)", b.quoted(name), round, rows)
	}
	b.exec(create("t", 0))
	var swapped atomic.Bool
	failed := make(chan error, readers)
	for range readers {
		conn := b.session()
		go func() {
			for last := false; !last; {
				last = swapped.Load()
				if err := b.readWhole(conn, rows); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for round := range rounds {
		if err := b.script(b.conn, create("t_new", round+1),
			"alter table "+b.quoted("t")+" rename to "+b.dialect.Quote("t_old"),
			"alter table "+b.quoted("t_new")+" rename to "+b.dialect.Quote("t"),
			"drop table "+b.quoted("t_old")+b.dialect.DropCascade,
		); err != nil {
			b.Errorf("swap %d: %v", round, err)
			break
		}
	}
	swapped.Store(true)
	for range readers {
		if err := <-failed; err != nil {
			b.Errorf("reader: %v", err)
		}
	}
}

// readWhole is an error unless the table is there and of one piece.
func (b *bench) readWhole(conn warehouse.Conn, rows int64) error {
	got, err := warehouse.Fetch(b.Context(), conn, -1, "select count(*), count(distinct a) from "+b.quoted("t"))
	if err != nil {
		return err
	}
	if got.Rows[0][0] != rows || got.Rows[0][1] != int64(1) {
		return fmt.Errorf("it read %v rows of %v versions, want %d of one", got.Rows[0][0], got.Rows[0][1], rows)
	}
	return nil
}

// script runs statements in one transaction.
func (b *bench) script(conn warehouse.Conn, statements ...string) error {
	return conn.Transact(b.Context(), func(ctx context.Context) error {
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}
