package pipeline

import (
	"context"
	"fmt"

	"apotheca/internal/flatten"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// check compares the new tables with the extract, before they are swapped in.
func (l *stagingLoader) check(ctx context.Context) error {
	l.done.Records = l.reading.Rows()
	if err := l.eachTable(ctx, l.checkTable); err != nil {
		return err
	}
	if l.done.Loaded+l.done.Quarantined != l.done.Records {
		return fmt.Errorf("check counts: the extract has %d records, but %d were loaded and %d quarantined",
			l.done.Records, l.done.Loaded, l.done.Quarantined)
	}
	return nil
}

func (l *stagingLoader) checkTable(ctx context.Context, conn warehouse.Conn, table int) error {
	if err := l.counted(ctx, conn, table); err != nil {
		return err
	}
	t, rows := l.tables[table], l.loaded[table].Rows
	switch t.Name {
	case l.Spec.Root():
		l.done.Loaded = rows
		return l.checkIdentities(ctx, conn, t, rows)
	case flatten.Quarantine:
		l.done.Quarantined = rows
		return nil
	default:
		return l.checkReferences(ctx, conn, t)
	}
}

func (l *stagingLoader) checkIdentities(ctx context.Context, conn warehouse.Conn, t schema.Table, rows int64) error {
	distinct, err := count(ctx, conn, "select count(distinct "+l.dialect.Quote(l.Spec.Identity())+") from "+l.new(t))
	if err != nil {
		return fmt.Errorf("count identities: %w", err)
	}
	if distinct != rows {
		return fmt.Errorf("check %s: %d rows, but only %d different values of %s", t.Name, rows, distinct, l.Spec.Identity())
	}
	return nil
}

func (l *stagingLoader) checkReferences(ctx context.Context, conn warehouse.Conn, t schema.Table) error {
	orphans, err := count(ctx, conn, fmt.Sprintf(
		"select count(*) from %[1]s as child where not exists (select 1 from %[2]s as root where root.%[3]s = child.%[3]s)",
		l.new(t), l.new(schema.Table{Name: l.Spec.Root()}), l.dialect.Quote(l.Spec.Identity())))
	if err != nil {
		return fmt.Errorf("check references of %s: %w", t.Name, err)
	}
	if orphans > 0 {
		return fmt.Errorf("check %s: %d rows refer to no row of %s", t.Name, orphans, l.Spec.Root())
	}
	return nil
}

func count(ctx context.Context, conn warehouse.Conn, sql string) (int64, error) {
	table, err := warehouse.Fetch(ctx, conn, 1, sql)
	if err != nil {
		return 0, err
	}
	n, ok := table.Rows[0][0].(int64)
	if !ok {
		return 0, fmt.Errorf("count: got %v, not an integer", table.Rows[0][0])
	}
	return n, nil
}
