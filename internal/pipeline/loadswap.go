package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// swap puts the new rows in the place of the old ones: in all tables or in
// none.
//
// Where a view names the table it reads, the new table takes the name of the
// old one. Where a view holds on to the table itself, a table that has the
// right columns stays, with its views, grants and indexes, and takes over what
// is new: that waits for no reader, and a reader sees all of the old rows or
// all of the new ones for as long as its transaction lasts.
func (l *tableLoader) swap(ctx context.Context) error {
	content := l.content.table()
	if _, err := l.conn.Load(ctx, l.relation(content, loading), content.Columns, l.content.rows()); err != nil {
		return err
	}
	err := l.conn.Transact(ctx, func(ctx context.Context) error {
		for _, t := range l.all() {
			work := l.replace
			switch {
			case l.absorb[t.Name]:
				work = l.takeIn
			case l.kept[t.Name]:
				work = l.takeOver
			}
			if err := work(ctx, t); err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
		}
		return stillOurs(ctx, l.lock)
	})
	if err != nil {
		return fmt.Errorf("swap tables: %w", err)
	}
	return nil
}

// replace drops the old table and gives its name to the new one.
func (l *tableLoader) replace(ctx context.Context, t schema.Table) error {
	if err := l.drop(ctx, t, ""); err != nil {
		return err
	}
	for _, c := range l.lineage[t.Name] {
		if _, err := l.conn.Exec(ctx, "alter table "+l.new(t)+" drop column "+l.dialect.Quote(c.Name)); err != nil {
			return err
		}
	}
	_, err := l.conn.Exec(ctx, "alter table "+l.new(t)+" rename to "+l.dialect.Quote(t.Name))
	return err
}

// takeOver makes the rows of the old table those of the new one, writing only
// what differs: most of a registry is today what it was yesterday.
func (l *tableLoader) takeOver(ctx context.Context, t schema.Table) error {
	if len(t.Key) == 0 {
		return l.rewrite(ctx, t)
	}
	same, whole := l.sameKey(t), l.sameKey(t)
	if rest := l.rest(t); len(rest) > 0 {
		whole += " and " + row("arriving", rest) + " is not distinct from " + row("present", rest)
	}
	columns := l.dialect.QuoteAll(columnNames(t))
	for _, sql := range []string{
		"delete from " + l.old(t) + " as present where not exists (select 1 from " + l.new(t) + " as arriving where " + whole + ")",
		"insert into " + l.old(t) + " (" + columns + ") select " + columns + " from " + l.new(t) +
			" as arriving where not exists (select 1 from " + l.old(t) + " as present where " + same + ")",
	} {
		if _, err := l.conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := l.ensureEqual(ctx, t, columns); err != nil {
		return err
	}
	if err := l.drop(ctx, t, loading); err != nil {
		return err
	}
	return l.analyze(ctx, l.conn, t, "")
}

// ensureEqual is for tables that somebody else has written into: rows that
// stand there twice are each found in the new table once.
func (l *tableLoader) ensureEqual(ctx context.Context, t schema.Table, columns string) error {
	var rows [2]int64
	for i, table := range []string{l.old(t), l.new(t)} {
		var err error
		if rows[i], err = count(ctx, l.conn, "select count(*) from "+table); err != nil {
			return err
		}
	}
	if rows[0] == rows[1] {
		return nil
	}
	return l.exchange(ctx, t, columns)
}

// rewrite is for tables whose rows have no name.
func (l *tableLoader) rewrite(ctx context.Context, t schema.Table) error {
	if err := l.exchange(ctx, t, l.dialect.QuoteAll(columnNames(t))); err != nil {
		return err
	}
	return l.drop(ctx, t, loading)
}

// exchange writes all rows anew.
func (l *tableLoader) exchange(ctx context.Context, t schema.Table, columns string) error {
	for _, sql := range []string{
		"delete from " + l.old(t),
		"insert into " + l.old(t) + " (" + columns + ") select " + columns + " from " + l.new(t),
	} {
		if _, err := l.conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// keeps reports whether the table that is there stays: it has the columns of
// the new one, in their order.
func (l *tableLoader) keeps(ctx context.Context, t schema.Table) (bool, error) {
	if !l.dialect.ViewsHoldTables {
		return false, nil
	}
	_, same, err := l.columns(ctx, t)
	return same, err
}

// columns compares the columns of the table that is there with those of the
// new one, but for the lineage.
func (l *tableLoader) columns(ctx context.Context, t schema.Table) (there, same bool, err error) {
	var columns [2][]string
	for i, suffix := range []string{"", loading} {
		relation := l.relation(t, suffix)
		found, err := warehouse.Fetch(ctx, l.conn, -1,
			"select column_name, data_type, is_nullable from information_schema.columns where table_schema = "+
				l.dialect.Placeholder(1)+" and table_name = "+l.dialect.Placeholder(2)+" order by ordinal_position",
			relation.Schema, relation.Name)
		if err != nil {
			return false, false, fmt.Errorf("read the columns of %s: %w", relation.Name, err)
		}
		for _, row := range found.Rows {
			if name, _ := row[0].(string); !l.isLineage(t, name) {
				columns[i] = append(columns[i], fmt.Sprint(row...))
			}
		}
	}
	return len(columns[0]) > 0, slices.Equal(columns[0], columns[1]), nil
}

func (l *tableLoader) isLineage(t schema.Table, column string) bool {
	return slices.ContainsFunc(l.lineage[t.Name], func(c schema.Column) bool { return c.Name == column })
}

// takeIn adds the new rows to the old ones, in the place of those whose key
// they have: none of them is older than any that is there.
func (l *tableLoader) takeIn(ctx context.Context, t schema.Table) error {
	columns := l.dialect.QuoteAll(columnNames(t))
	for _, sql := range []string{
		"delete from " + l.old(t) + " as present where exists (select 1 from " + l.new(t) + " as arriving where " + l.sameKey(t) + ")",
		"insert into " + l.old(t) + " (" + columns + ") select " + columns + " from " + l.new(t),
	} {
		if _, err := l.conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return l.drop(ctx, t, loading)
}

// analyze takes statistics of the keys, by which tables are joined. Those of
// whole texts take longer than their load, and the database gathers them later.
func (l *tableLoader) analyze(ctx context.Context, conn warehouse.Conn, t schema.Table, suffix string) error {
	if !l.dialect.Analyze {
		return nil
	}
	sql := "analyze " + l.dialect.QuoteRelation(l.relation(t, suffix))
	if len(t.Key) > 0 {
		sql += " (" + l.dialect.QuoteAll(t.Key) + ")"
	}
	_, err := conn.Exec(ctx, sql)
	return err
}

// old is a table as readers know it, new the one beside it.
func (l *tableLoader) old(t schema.Table) string { return l.dialect.QuoteRelation(l.relation(t, "")) }

func (l *tableLoader) new(t schema.Table) string {
	return l.dialect.QuoteRelation(l.relation(t, loading))
}

func (l *tableLoader) sameKey(t schema.Table) string {
	same := make([]string, len(t.Key))
	for i, key := range t.Key {
		name := l.dialect.Quote(key)
		same[i] = "arriving." + name + " = present." + name
	}
	return strings.Join(same, " and ")
}

// rest are the columns beside the key, quoted.
func (l *tableLoader) rest(t schema.Table) []string {
	var rest []string
	for _, name := range columnNames(t) {
		if !slices.Contains(t.Key, name) {
			rest = append(rest, l.dialect.Quote(name))
		}
	}
	return rest
}

func row(alias string, columns []string) string {
	return "(" + alias + "." + strings.Join(columns, ", "+alias+".") + ")"
}

func columnNames(t schema.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
