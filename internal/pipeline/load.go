package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"apotheca/internal/flatten"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// StagingSchema is where the load puts its tables.
const StagingSchema = "staging"

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
	// Read is the time it took to read the extract; Duration is that of all.
	Read, Duration time.Duration
}

// StagingTable is one table that was replaced.
type StagingTable struct {
	Name     string
	Rows     int64
	Duration time.Duration
}

// LoadStaging replaces the staging tables by what the mapping makes of an
// extract. All tables change in one transaction, after the counts were
// compared: a load that fails leaves the tables of the last one as they were.
func LoadStaging(ctx context.Context, o StagingLoad) (_ *StagingLoaded, err error) {
	start := time.Now()
	conn, err := o.Warehouse.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", StagingSchema, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()

	l := stagingLoader{conn: conn, dialect: o.Warehouse.Dialect(), spec: o.Spec}
	plan := o.Spec.Compile(flatten.Source{Lake: o.Lake, ExtractID: o.ExtractID, Quote: l.dialect.Quote})
	defer func() { err = errors.Join(err, l.release(context.WithoutCancel(ctx), plan)) }()
	if err := l.prepare(ctx, plan); err != nil {
		return nil, fmt.Errorf("read extract %s: %w", o.Lake, err)
	}
	l.done.Read = time.Since(start)
	if err := conn.Transact(ctx, func(ctx context.Context) error { return l.replace(ctx, plan) }); err != nil {
		return nil, fmt.Errorf("load %s: %w", StagingSchema, err)
	}
	l.done.Duration = time.Since(start)
	return &l.done, nil
}

type stagingLoader struct {
	conn    warehouse.Conn
	dialect warehouse.Dialect
	spec    *flatten.Spec
	done    StagingLoaded
}

func (l *stagingLoader) prepare(ctx context.Context, plan flatten.Plan) error {
	for _, sql := range plan.Prepare {
		if _, err := l.conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func (l *stagingLoader) release(ctx context.Context, plan flatten.Plan) error {
	for _, sql := range plan.Release {
		if _, err := l.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("release extract: %w", err)
		}
	}
	return nil
}

// replace runs inside the transaction.
func (l *stagingLoader) replace(ctx context.Context, plan flatten.Plan) error {
	if _, err := l.conn.Exec(ctx, "create schema if not exists "+l.dialect.Quote(StagingSchema)); err != nil {
		return fmt.Errorf("create schema: %w", err)
	}
	for _, s := range plan.Selects {
		started := time.Now()
		rows, err := l.replaceTable(ctx, s)
		if err != nil {
			return fmt.Errorf("load table %s: %w", s.Table.Name, err)
		}
		l.done.Tables = append(l.done.Tables, StagingTable{Name: s.Table.Name, Rows: rows, Duration: time.Since(started)})
	}
	return l.check(ctx, plan)
}

func (l *stagingLoader) replaceTable(ctx context.Context, s flatten.Select) (int64, error) {
	name := l.relation(s.Table.Name)
	if _, err := l.conn.Exec(ctx, "drop table if exists "+name+l.dialect.DropCascade); err != nil {
		return 0, fmt.Errorf("drop: %w", err)
	}
	create, err := l.dialect.CreateTable(warehouse.Relation{Schema: StagingSchema, Name: s.Table.Name}, s.Table.Columns)
	if err != nil {
		return 0, err
	}
	if _, err := l.conn.Exec(ctx, create); err != nil {
		return 0, fmt.Errorf("create: %w", err)
	}
	if _, err := l.conn.Exec(ctx, "insert into "+name+" ("+l.columns(s.Table)+")\n"+s.SQL); err != nil {
		return 0, fmt.Errorf("insert: %w", err)
	}
	return l.count(ctx, "select count(*) from "+name)
}

// check compares the new tables with the extract before they become visible.
func (l *stagingLoader) check(ctx context.Context, plan flatten.Plan) error {
	records, err := l.count(ctx, plan.Records)
	if err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	l.done.Records = records
	root, id := l.relation(l.spec.Root()), l.dialect.Quote(l.spec.Identity())
	for _, t := range l.done.Tables {
		switch t.Name {
		case l.spec.Root():
			l.done.Loaded = t.Rows
			distinct, err := l.count(ctx, "select count(distinct "+id+") from "+root)
			if err != nil {
				return fmt.Errorf("count identities: %w", err)
			}
			if distinct != t.Rows {
				return fmt.Errorf("check %s: %d rows, but only %d different values of %s", t.Name, t.Rows, distinct, l.spec.Identity())
			}
		case flatten.Quarantine:
			l.done.Quarantined = t.Rows
		default:
			orphans, err := l.count(ctx, fmt.Sprintf(
				"select count(*) from %[1]s as child where not exists (select 1 from %[2]s as root where root.%[3]s = child.%[3]s)",
				l.relation(t.Name), root, id))
			if err != nil {
				return fmt.Errorf("check references of %s: %w", t.Name, err)
			}
			if orphans > 0 {
				return fmt.Errorf("check %s: %d rows refer to no row of %s", t.Name, orphans, l.spec.Root())
			}
		}
	}
	if l.done.Loaded+l.done.Quarantined != records {
		return fmt.Errorf("check counts: the extract has %d records, but %d were loaded and %d quarantined",
			records, l.done.Loaded, l.done.Quarantined)
	}
	return nil
}

func (l *stagingLoader) count(ctx context.Context, sql string) (int64, error) {
	table, err := warehouse.Fetch(ctx, l.conn, 1, sql)
	if err != nil {
		return 0, err
	}
	n, ok := table.Rows[0][0].(int64)
	if !ok {
		return 0, fmt.Errorf("count: got %v, not an integer", table.Rows[0][0])
	}
	return n, nil
}

func (l *stagingLoader) relation(name string) string {
	return l.dialect.QuoteRelation(warehouse.Relation{Schema: StagingSchema, Name: name})
}

func (l *stagingLoader) columns(t schema.Table) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.TrimSpace(l.dialect.QuoteAll(names))
}
