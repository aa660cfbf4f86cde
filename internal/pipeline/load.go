package pipeline

import (
	"context"
	"errors"
	"fmt"
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
	Spec      *flatten.Spec
	// Lake is the path of the compacted extract.
	Lake string
	// ExtractID names the extract in the quarantine.
	ExtractID string
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
//	                                                   drops old, renames new
//
// Nobody sees the new tables before they were compared with the extract: a
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
		StagingLoad: o, conn: conn, dialect: o.Warehouse.Dialect(), reading: reading, tables: o.Spec.Tables(),
	}
	if err := l.run(ctx); err != nil {
		// The leftovers are in nobody's way, and the next load drops them.
		_ = l.drop(context.WithoutCancel(ctx), loading)
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
	if _, err := l.conn.Exec(ctx, "create schema if not exists "+l.dialect.Quote(StagingSchema)); err != nil {
		return fmt.Errorf("create schema: %w", err)
	}
	if err := l.drop(ctx, loading); err != nil {
		return err
	}
	for _, t := range l.tables {
		create, err := l.dialect.CreateTable(l.relation(t, loading), t.Columns)
		if err != nil {
			return err
		}
		if _, err := l.conn.Exec(ctx, create); err != nil {
			return fmt.Errorf("create table %s: %w", t.Name, err)
		}
	}
	return nil
}

// drop drops the tables with this suffix that are there.
func (l *stagingLoader) drop(ctx context.Context, suffix string) error {
	for _, t := range l.tables {
		name := l.dialect.QuoteRelation(l.relation(t, suffix))
		if _, err := l.conn.Exec(ctx, "drop table if exists "+name+l.dialect.DropCascade); err != nil {
			return fmt.Errorf("drop table %s: %w", name, err)
		}
	}
	return nil
}

// swap puts the new tables in the place of the old ones, all or none.
func (l *stagingLoader) swap(ctx context.Context) error {
	err := l.conn.Transact(ctx, func(ctx context.Context) error {
		if err := l.drop(ctx, ""); err != nil {
			return err
		}
		for _, t := range l.tables {
			rename := "alter table " + l.dialect.QuoteRelation(l.relation(t, loading)) + " rename to " + l.dialect.Quote(t.Name)
			if _, err := l.conn.Exec(ctx, rename); err != nil {
				return fmt.Errorf("rename table %s: %w", t.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("swap tables: %w", err)
	}
	return nil
}

func (l *stagingLoader) relation(t schema.Table, suffix string) warehouse.Relation {
	return warehouse.Relation{Schema: StagingSchema, Name: l.dialect.Suffixed(t.Name, suffix)}
}
