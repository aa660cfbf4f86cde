package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// loading is what the name of a table ends with until it is swapped in.
const loading = "__load"

// LoadedTable is one table that was replaced. All are loaded at once: the
// duration is that from its first row to its last.
type LoadedTable struct {
	Name     string
	Rows     int64
	Duration time.Duration
}

// tableLoader replaces tables of a schema, all of them or none.
//
//	old tables ── stream into <name>__load ── check ── one transaction ── new tables
//	                                                   see swap
//
// Nobody sees the new rows before they were compared with the extract: a
// load that fails, or dies, leaves the tables of the last one as they were.
type tableLoader struct {
	warehouse warehouse.Warehouse
	lock      warehouse.Lock
	schema    string
	content   Content
	tables    []schema.Table
	// lineage are columns that a table has until it is swapped in.
	lineage map[string][]schema.Column

	conn    warehouse.Conn
	dialect warehouse.Dialect
	kept    map[string]bool // the old table stays and takes over the new rows
	absorb  map[string]bool // the old table keeps its rows and takes in the new ones
	loaded  []LoadedTable
	took    [3]time.Duration // by stream, check and swap
}

// rowSource brings the rows of a load and knows what must be true of them.
type rowSource interface {
	stream(context.Context) error
	check(context.Context) error
}

func (l *tableLoader) load(ctx context.Context, rows rowSource) (err error) {
	if l.conn, err = l.warehouse.Conn(ctx); err != nil {
		return fmt.Errorf("load %s: %w", l.schema, err)
	}
	defer func() { err = errors.Join(err, l.conn.Close()) }()
	l.dialect, l.kept, l.absorb = l.warehouse.Dialect(), map[string]bool{}, map[string]bool{}
	l.loaded = make([]LoadedTable, len(l.tables))
	if err := l.run(ctx, rows); err != nil {
		for _, t := range l.all() {
			// The leftovers are in nobody's way, and the next load drops them.
			_ = l.drop(context.WithoutCancel(ctx), t, loading)
		}
		return fmt.Errorf("load %s: %w", l.schema, err)
	}
	return nil
}

func (l *tableLoader) run(ctx context.Context, rows rowSource) error {
	if err := l.ensureOurs(ctx); err != nil {
		return err
	}
	if err := l.prepare(ctx); err != nil {
		return err
	}
	for i, step := range []func(context.Context) error{rows.stream, rows.check, l.swap} {
		started := time.Now()
		if err := step(ctx); err != nil {
			return err
		}
		l.took[i] = time.Since(started)
	}
	return nil
}

// prepare makes the empty tables, in place of what a load left that died.
func (l *tableLoader) prepare(ctx context.Context) error {
	if err := l.ensureSchema(ctx); err != nil {
		return err
	}
	for _, t := range l.all() {
		if err := l.drop(ctx, t, loading); err != nil {
			return err
		}
		if err := l.create(ctx, t); err != nil {
			return fmt.Errorf("create table %s: %w", t.Name, err)
		}
	}
	return nil
}

func (l *tableLoader) ensureSchema(ctx context.Context) error {
	there, err := warehouse.HasSchema(ctx, l.conn, l.dialect, "", l.schema)
	if err != nil || there {
		return err
	}
	if _, err := l.conn.Exec(ctx, "create schema if not exists "+l.dialect.Quote(l.schema)); err != nil {
		return fmt.Errorf("create schema %s: %w", l.schema, err)
	}
	return nil
}

// all are the tables of the source and the one that says what they hold.
func (l *tableLoader) all() []schema.Table { return append(slices.Clip(l.tables), l.content.table()) }

// create makes an empty table beside the one there is. Where it only passes
// its rows on to that one, it need not survive a crash of the server.
func (l *tableLoader) create(ctx context.Context, t schema.Table) error {
	create, err := l.dialect.CreateTable(l.relation(t, loading), append(slices.Clip(t.Columns), l.lineage[t.Name]...))
	if err != nil {
		return err
	}
	if _, err := l.conn.Exec(ctx, create); err != nil {
		return err
	}
	if l.kept[t.Name], err = l.keeps(ctx, t); err != nil || !l.kept[t.Name] || !l.dialect.Unlogged {
		return err
	}
	_, err = l.conn.Exec(ctx, "alter table "+l.new(t)+" set unlogged")
	return err
}

func (l *tableLoader) drop(ctx context.Context, t schema.Table, suffix string) error {
	name := l.dialect.QuoteRelation(l.relation(t, suffix))
	if _, err := l.conn.Exec(ctx, "drop table if exists "+name+l.dialect.DropCascade); err != nil {
		return fmt.Errorf("drop table %s: %w", name, err)
	}
	return nil
}

func (l *tableLoader) relation(t schema.Table, suffix string) warehouse.Relation {
	return warehouse.Relation{Schema: l.schema, Name: l.dialect.Suffixed(t.Name, suffix)}
}

// eachTable works on all tables at once, each in a session of its own. The
// first error stops the others and is what is returned.
func (l *tableLoader) eachTable(ctx context.Context, work func(ctx context.Context, conn warehouse.Conn, table int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for i, t := range l.tables {
		wait.Go(func() {
			conn, err := l.warehouse.Conn(ctx)
			if err == nil {
				err = errors.Join(work(ctx, conn, i), conn.Close())
			}
			if err != nil {
				cancel(fmt.Errorf("table %s: %w", t.Name, err))
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// counted compares the rows of a new table with those that were sent.
func (l *tableLoader) counted(ctx context.Context, conn warehouse.Conn, table int) error {
	t, done := l.tables[table], &l.loaded[table]
	if err := l.analyze(ctx, conn, t, loading); err != nil {
		return fmt.Errorf("analyze %s: %w", t.Name, err)
	}
	sent := done.Rows
	rows, err := count(ctx, conn, "select count(*) from "+l.new(t))
	if err != nil {
		return fmt.Errorf("count rows of %s: %w", t.Name, err)
	}
	if done.Rows = rows; rows != sent {
		return fmt.Errorf("check %s: %d rows were sent, but %d are there", t.Name, sent, rows)
	}
	return nil
}
