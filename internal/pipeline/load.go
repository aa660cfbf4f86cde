package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// StagingSchema is where the load puts its tables.
const StagingSchema = "staging"

// loading is what the name of a table ends with until it is swapped in.
const loading = "__load"

// StagingLoad says what one load is to do.
type StagingLoad struct {
	Warehouse warehouse.Warehouse
	// Lock must still hold when the new rows are swapped in; nil needs none.
	Lock warehouse.Lock
	Spec *flatten.Spec
	// Lake is the path of the compacted extract.
	Lake string
	// Content is what staging will say it holds.
	Content Content
}

// StagingLoaded is what one load did. Every count was taken in the warehouse.
type StagingLoaded struct {
	// Records of the extract: each is loaded or quarantined.
	Records     int64
	Loaded      int64
	Quarantined int64
	// Tables in the order of the mapping, the quarantine last.
	Tables []StagingTable
	// Stream is the time from the first record to the last row, Check that of
	// the checks, Swap that of the transaction; Duration is that of all.
	Stream, Check, Swap, Duration time.Duration
}

// StagingTable is one table that was replaced. All are loaded at once: the
// duration is that from its first row to its last.
type StagingTable struct {
	Name     string
	Rows     int64
	Duration time.Duration
}

// LoadStaging replaces the staging tables by what the mapping makes of an
// extract.
//
//	old tables ── stream into <name>__load ── check ── one transaction ── new tables
//	                                                   see swap
//
// Nobody sees the new rows before they were compared with the extract: a
// load that fails, or dies, leaves the tables of the last one as they were.
func LoadStaging(ctx context.Context, o StagingLoad) (_ *StagingLoaded, err error) {
	start := time.Now()
	conn, err := o.Warehouse.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", StagingSchema, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	reading, err := lake.OpenRows(o.Lake)
	if err != nil {
		return nil, fmt.Errorf("read extract: %w", err)
	}
	defer func() { err = errors.Join(err, reading.Close()) }()

	l := stagingLoader{
		StagingLoad: o, conn: conn, dialect: o.Warehouse.Dialect(), reading: reading, tables: o.Spec.Tables(), kept: map[string]bool{},
	}
	if err := l.run(ctx); err != nil {
		for _, t := range l.all() {
			// The leftovers are in nobody's way, and the next load drops them.
			_ = l.drop(context.WithoutCancel(ctx), t, loading)
		}
		return nil, fmt.Errorf("load %s: %w", StagingSchema, err)
	}
	l.done.Duration = time.Since(start)
	return &l.done, nil
}

type stagingLoader struct {
	StagingLoad
	conn    warehouse.Conn
	dialect warehouse.Dialect
	reading *lake.Reading
	tables  []schema.Table
	kept    map[string]bool // the old table stays and takes over the new rows
	done    StagingLoaded
}

func (l *stagingLoader) run(ctx context.Context) error {
	for _, step := range []struct {
		work func(context.Context) error
		took *time.Duration
	}{
		{l.prepare, new(time.Duration)}, {l.stream, &l.done.Stream}, {l.check, &l.done.Check}, {l.swap, &l.done.Swap},
	} {
		started := time.Now()
		if err := step.work(ctx); err != nil {
			return err
		}
		*step.took = time.Since(started)
	}
	return nil
}

// prepare makes the empty tables, in place of what a load left that died.
func (l *stagingLoader) prepare(ctx context.Context) error {
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
	_, err := l.conn.Load(ctx, l.relation(contentTable, loading), contentTable.Columns, l.Content.rows())
	return err
}

func (l *stagingLoader) ensureSchema(ctx context.Context) error {
	there, err := warehouse.HasSchema(ctx, l.conn, l.dialect, "", StagingSchema)
	if err != nil || there {
		return err
	}
	if _, err := l.conn.Exec(ctx, "create schema if not exists "+l.dialect.Quote(StagingSchema)); err != nil {
		return fmt.Errorf("create schema %s: %w", StagingSchema, err)
	}
	return nil
}

// all are the tables of the mapping and the one that says what they hold.
func (l *stagingLoader) all() []schema.Table { return append(slices.Clip(l.tables), contentTable) }

// create makes an empty table beside the one there is. Where it only passes
// its rows on to that one, it need not survive a crash of the server.
func (l *stagingLoader) create(ctx context.Context, t schema.Table) error {
	create, err := l.dialect.CreateTable(l.relation(t, loading), t.Columns)
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

func (l *stagingLoader) drop(ctx context.Context, t schema.Table, suffix string) error {
	name := l.dialect.QuoteRelation(l.relation(t, suffix))
	if _, err := l.conn.Exec(ctx, "drop table if exists "+name+l.dialect.DropCascade); err != nil {
		return fmt.Errorf("drop table %s: %w", name, err)
	}
	return nil
}

func (l *stagingLoader) relation(t schema.Table, suffix string) warehouse.Relation {
	return warehouse.Relation{Schema: StagingSchema, Name: l.dialect.Suffixed(t.Name, suffix)}
}
