package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// takeOut removes the rows of a new table that cannot stay: those that a newer
// or equal row of their key supersedes, those whose key another row has, and
// those that refer to no row. The latter two are set aside, or stop the load.
func (l *fileLoader) takeOut(ctx context.Context, table int, t *csvfile.Table, o *tableOutcome) error {
	if err := l.repeated(ctx, table, t, o); err != nil {
		return err
	}
	for _, c := range t.Columns {
		if c.References == (csvfile.Reference{}) {
			continue
		}
		if err := l.orphans(ctx, table, t, c, o); err != nil {
			return err
		}
	}
	return nil
}

// repeated looks for keys that several rows have, where there may be any.
func (l *fileLoader) repeated(ctx context.Context, table int, t *csvfile.Table, o *tableOutcome) error {
	where, err := l.mayRepeat(t)
	if err != nil || where == "false" {
		return err
	}
	made, key := t.Schema(), l.dialect.QuoteAll(t.Key)
	keys := l.dialect.Quote(l.dialect.Suffixed(t.Name, "__repeated"))
	if _, err := l.conn.Exec(ctx, "create temporary table "+keys+" as select "+key+" from "+l.new(made)+" where "+where+" group by "+key+" having count(*) > 1"); err != nil {
		return fmt.Errorf("look for rows of one key: %w", err)
	}
	n, err := count(ctx, l.conn, "select count(*) from "+keys)
	if err != nil || n == 0 {
		return errors.Join(err, l.dropTemporary(ctx, keys))
	}
	bad := l.badRows(made)
	if err := l.findLosers(ctx, t, made, "select "+key+" from "+keys, bad); err != nil {
		return fmt.Errorf("find rows of one key: %w", err)
	}
	if err := l.dropTemporary(ctx, keys); err != nil {
		return err
	}
	superseded, err := count(ctx, l.conn, "select count(*) from "+bad+" where superseded")
	if err != nil {
		return err
	}
	o.superseded += superseded
	column := header(t, t.Key[0])
	if err := l.setAside(ctx, bad, "not superseded", column, "another row has this "+strings.Join(t.Key, ", ")+", and other values", t, o); err != nil {
		return err
	}
	return l.removeBad(ctx, table, made, bad)
}

// mayRepeat is true of all rows whose key another row may have. The lake knows
// of most keys that there is only one: to count those of every row takes the
// database half as long as to load them, and as much memory as they need.
func (l *fileLoader) mayRepeat(t *csvfile.Table) (sql string, err error) {
	if len(t.Key) == 0 {
		return "false", nil
	}
	if len(t.Key) > 1 {
		return "true", nil
	}
	reading, err := lake.OpenTable(l.path(t.Name), nil)
	if err != nil {
		return "", err
	}
	defer reading.Close()
	spans, known := reading.MayRepeat(t.Key[0])
	if !known {
		return "true", nil
	}
	within := []string{"false"}
	for _, s := range spans {
		within = append(within, fmt.Sprintf("%s between %d and %d", l.dialect.Quote(t.Key[0]), s.Least, s.Most))
	}
	return strings.Join(within, " or "), nil
}

// findLosers makes a table of the rows that lose against another of their key:
// the newest wins, and of equal ones that which was read first.
func (l *fileLoader) findLosers(ctx context.Context, t *csvfile.Table, made schema.Table, repeated, bad string) error {
	newest, newer := "", ""
	if t.Watermark != "" {
		mark := l.dialect.Quote(t.Watermark)
		newest, newer = mark+" desc, ", "loser."+mark+" < winner."+mark+" or "
	}
	var same, match []string
	for _, c := range made.Columns {
		name := l.dialect.Quote(c.Name)
		same = append(same, "loser."+name+" is not distinct from winner."+name)
	}
	for _, name := range t.Key {
		quoted := l.dialect.Quote(name)
		match = append(match, "loser."+quoted+" = winner."+quoted)
	}
	key := l.dialect.QuoteAll(t.Key)
	_, err := l.conn.Exec(ctx, `create temporary table `+bad+` as
with ranked as (
    select
        candidate.*,
        row_number() over (partition by `+key+` order by `+newest+`_place) as _nth
    from `+l.new(made)+` as candidate
    where (`+key+`) in (`+repeated+`)
)

select
    loser._place,
    `+newer+`(`+strings.Join(same, " and ")+`) as superseded
from ranked as loser
inner join ranked as winner
    on `+strings.Join(match, " and ")+`
    and winner._nth = 1
where loser._nth > 1`)
	return err
}

// orphans looks for rows that refer to no row of another table.
func (l *fileLoader) orphans(ctx context.Context, table int, t *csvfile.Table, c csvfile.Column, o *tableOutcome) error {
	made, parent := t.Schema(), schema.Table{Name: c.References.Table}
	column, key := l.dialect.Quote(c.Name), l.dialect.Quote(c.References.Column)
	orphans := " from " + l.new(made) + " as child where child." + column + " is not null"
	parents := []string{l.new(parent)}
	if l.floors[parent.Name] != nil {
		parents = append(parents, l.old(parent))
	}
	for _, p := range parents {
		orphans += " and not exists (select 1 from " + p + " as parent where parent." + key + " = child." + column + ")"
	}
	n, err := count(ctx, l.conn, "select count(*)"+orphans)
	if err != nil || n == 0 {
		return err
	}
	bad := l.badRows(made)
	if _, err := l.conn.Exec(ctx, "create temporary table "+bad+" as select _place"+orphans); err != nil {
		return err
	}
	reason := "no row of " + c.References.Table + " has this " + c.References.Column
	if err := l.setAside(ctx, bad, "true", header(t, c.Name), reason, t, o); err != nil {
		return err
	}
	return l.removeBad(ctx, table, made, bad)
}

// refuseEmptying keeps a table that has rows from being replaced by none: an
// export that failed looks like a file with nothing but its header.
func (l *fileLoader) refuseEmptying(ctx context.Context) error {
	for _, t := range l.from.Tables {
		if l.mayEmpty || l.outcomes[t.Name].loaded > 0 || l.floors[t.Name] != nil {
			continue
		}
		there, _, err := l.columns(ctx, t.Schema())
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		rows, err := count(ctx, l.conn, "select count(*) from "+l.old(t.Schema()))
		if err != nil {
			return fmt.Errorf("count rows of %s: %w", t.Name, err)
		}
		if rows > 0 {
			return &EmptyingError{Table: t.Name, Rows: rows}
		}
	}
	return nil
}

// EmptyingError says that a load would leave a table without any of its rows.
type EmptyingError struct {
	Table string
	Rows  int64
}

func (e *EmptyingError) Error() string {
	return fmt.Sprintf("table %s: the files have no rows for it, and %s are there that would all go", e.Table, Grouped(e.Rows))
}

// Hint is what to type.
func (e *EmptyingError) Hint() string {
	return "--full-refresh replaces them by nothing. Nothing was loaded"
}

// badRows names the temporary table of the rows to be taken out.
func (l *fileLoader) badRows(t schema.Table) string {
	return l.dialect.Quote(l.dialect.Suffixed(t.Name, "__bad"))
}

// setAside quarantines those bad rows of which a condition is true.
func (l *fileLoader) setAside(ctx context.Context, bad, condition, column, reason string, t *csvfile.Table, o *tableOutcome) error {
	result, err := l.conn.Exec(ctx, "insert into "+l.new(quarantineTable)+" ("+l.dialect.QuoteAll(columnNames(quarantineTable))+") select "+
		warehouse.StringLiteral(t.Name)+", "+l.fileName()+", _place & "+fmt.Sprint(lineMax)+", "+warehouse.StringLiteral(column)+", "+
		warehouse.StringLiteral(reason)+" from "+bad+" where "+condition)
	if err != nil {
		return fmt.Errorf("quarantine rows: %w", err)
	}
	o.quarantined += result.Rows
	l.loaded[len(l.from.Tables)].Rows += result.Rows
	return nil
}

// fileName is the name of a file by its number.
func (l *fileLoader) fileName() string {
	sql := fmt.Sprintf("case _place >> %d", lineBits)
	for i, in := range l.snapshot.Inputs {
		sql += fmt.Sprintf(" when %d then ", i+1) + warehouse.StringLiteral(in.File)
	}
	return sql + " end"
}

func (l *fileLoader) removeBad(ctx context.Context, table int, t schema.Table, bad string) error {
	result, err := l.conn.Exec(ctx, "delete from "+l.new(t)+" where _place in (select _place from "+bad+")")
	if err != nil {
		return fmt.Errorf("take rows out: %w", err)
	}
	l.loaded[table].Rows -= result.Rows
	return l.dropTemporary(ctx, bad)
}

func (l *fileLoader) dropTemporary(ctx context.Context, name string) error {
	_, err := l.conn.Exec(ctx, "drop table "+name)
	return err
}

// header is a column as the files call it.
func header(t *csvfile.Table, name string) string {
	for _, c := range t.Columns {
		if c.Name == name && c.Header != "" {
			return c.Header
		}
	}
	return name
}
