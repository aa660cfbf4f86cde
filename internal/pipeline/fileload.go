package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"apotheca/internal/csvfile"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// outcomeTable says what became of the records of each table in the load that
// its rows are of: read = loaded + quarantined + superseded + not new.
var outcomeTable = schema.Table{
	Name: "loaded_table", Key: []string{"table_name"},
	Columns: []schema.Column{
		{Name: "table_name", Type: schema.Text},
		{Name: "records", Type: schema.Integer},
		{Name: "loaded", Type: schema.Integer},
		{Name: "quarantined", Type: schema.Integer},
		{Name: "superseded", Type: schema.Integer}, // a newer row of the same key, or an equal one, is there
		{Name: "not_new", Type: schema.Integer},    // below the watermark of what was there
		{Name: "present", Type: schema.Integer},    // rows of earlier loads that stayed
	},
}

// tableOutcome is a row of that table.
type tableOutcome struct{ records, loaded, quarantined, superseded, notNew, present int64 }

// load brings the tables of an extract into the warehouse.
func (f *Files) load(ctx context.Context, r *run, snapshot lake.Snapshot, s *StageRecord) error {
	l := &fileLoader{from: f, snapshot: snapshot, outcomes: map[string]*tableOutcome{}, floors: map[string]*floor{},
		path: func(name string) string { return r.lake.TablePath(snapshot, name) },
		tableLoader: tableLoader{
			warehouse: r.warehouse, lock: r.lock, schema: f.Schema, content: f.content(r, snapshot), lineage: map[string][]schema.Column{},
		}}
	l.onlyNew, l.mayEmpty = f.OnlyNew && !r.FullRefresh, r.FullRefresh
	for _, t := range f.Tables {
		l.tables = append(l.tables, t.Schema())
		l.lineage[t.Name] = []schema.Column{place}
		l.outcomes[t.Name] = &tableOutcome{}
	}
	l.tables = append(l.tables, quarantineTable, outcomeTable)
	s.Counts = map[string]int64{"records": int64(snapshot.Total)}
	if err := l.tableLoader.load(ctx, l); err != nil {
		var refused *BadRowsError
		if errors.As(err, &refused) {
			s.Counts[badRows] = refused.Total
		}
		return err
	}
	for _, o := range l.outcomes {
		s.Counts["quarantined"] += o.quarantined
		s.Counts["superseded"] += o.superseded
		s.Counts["not_new"] += o.notNew
	}
	s.countTables(l.loaded[:len(f.Tables)])
	return nil
}

type fileLoader struct {
	tableLoader
	from     *Files
	snapshot lake.Snapshot
	path     func(table string) string
	onlyNew  bool
	mayEmpty bool              // a table that has rows may be left without any
	floors   map[string]*floor // of tables that keep their rows
	outcomes map[string]*tableOutcome
}

// stream loads all tables at once. A database that reads the lake's files by
// itself does; to any other the rows are handed.
func (l *fileLoader) stream(ctx context.Context) error {
	for _, t := range l.from.Tables {
		if err := l.findFloor(ctx, t); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	return l.eachTable(ctx, func(ctx context.Context, conn warehouse.Conn, table int) error {
		t := l.tables[table]
		l.loaded[table] = LoadedTable{Name: t.Name}
		if t.Name == outcomeTable.Name {
			return nil
		}
		started := time.Now()
		rows, err := l.loadTable(ctx, conn, t)
		l.loaded[table] = LoadedTable{Name: t.Name, Rows: rows, Duration: time.Since(started)}
		return err
	})
}

func (l *fileLoader) loadTable(ctx context.Context, conn warehouse.Conn, t schema.Table) (int64, error) {
	columns := append(slices.Clip(t.Columns), l.lineage[t.Name]...)
	path, from := l.path(t.Name), l.floors[t.Name]
	if path == "" {
		return 0, fmt.Errorf("extract %s was made of other tables\nhint: run it from the extract", l.snapshot.ID)
	}
	if reader, ok := conn.(warehouse.ParquetLoader); ok {
		var bound warehouse.Bound
		if from != nil {
			bound = from.bound
		}
		return reader.LoadParquet(ctx, l.relation(t, loading), columns, path, bound)
	}
	return conn.Load(ctx, l.relation(t, loading), columns, rowsOf(ctx, path, columns, from))
}

// findFloor asks a table that keeps its rows how far they go. Rows of the same
// time are loaded again: not all of them need have come.
func (l *fileLoader) findFloor(ctx context.Context, t *csvfile.Table) error {
	if !l.onlyNew || t.Watermark == "" {
		return nil
	}
	table := t.Schema()
	there, same, err := l.columns(ctx, table)
	if err != nil || !there {
		return err
	}
	if !same {
		return fmt.Errorf("%s.%s has other columns than the declaration\nhint: --full-refresh replaces its rows", l.from.Schema, t.Name)
	}
	found, err := warehouse.Fetch(ctx, l.conn, 1, "select max("+l.dialect.Quote(t.Watermark)+") from "+l.old(table))
	if err != nil {
		return err
	}
	l.floors[t.Name] = floorOf(table, t.Watermark, found.Rows[0][0])
	if l.floors[t.Name] != nil {
		l.absorb[t.Name] = true
	}
	return nil
}

// check takes out what cannot stay, table after table: a row may refer to one
// that was just taken out.
func (l *fileLoader) check(ctx context.Context) error {
	for i, t := range l.from.Tables {
		o := l.outcomes[t.Name]
		for _, in := range l.snapshot.Inputs {
			if in.Table == t.Name {
				o.records += in.Records
				o.quarantined += in.Rejected
			}
		}
		l.content.Quarantined -= o.quarantined // of the lake; what is taken out comes to it
		o.notNew = o.records - o.quarantined - l.loaded[i].Rows
		if err := l.takeOut(ctx, i, t, o); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		if err := l.counted(ctx, l.conn, i); err != nil {
			return err
		}
		o.loaded = l.loaded[i].Rows
		if l.floors[t.Name] != nil {
			present, err := l.staying(ctx, t)
			if err != nil {
				return err
			}
			o.present = present
		}
		l.content.Quarantined += o.quarantined
	}
	if !l.from.Quarantine {
		if err := l.refuseBadRows(ctx); err != nil {
			return err
		}
	}
	if err := l.refuseEmptying(ctx); err != nil {
		return err
	}
	return l.writeOutcomes(ctx)
}

// staying counts the rows of earlier loads that the swap will leave.
func (l *fileLoader) staying(ctx context.Context, t *csvfile.Table) (int64, error) {
	table := t.Schema()
	return count(ctx, l.conn, "select count(*) from "+l.old(table)+" as present where not exists (select 1 from "+
		l.new(table)+" as arriving where "+l.sameKey(table)+")")
}

func (l *fileLoader) writeOutcomes(ctx context.Context) error {
	_, err := l.conn.Load(ctx, l.relation(outcomeTable, loading), outcomeTable.Columns, func(yield func([]any, error) bool) {
		for _, t := range l.from.Tables {
			o := l.outcomes[t.Name]
			if !yield([]any{t.Name, o.records, o.loaded, o.quarantined, o.superseded, o.notNew, o.present}, nil) {
				return
			}
		}
	})
	return err
}

// readOutcomes asks the warehouse for them.
func (f *Files) readOutcomes(ctx context.Context, c *counting) (map[string]tableOutcome, error) {
	found, err := warehouse.Fetch(ctx, c.conn, -1, "select "+c.dialect.QuoteAll(columnNames(outcomeTable))+" from "+
		c.dialect.QuoteRelation(warehouse.Relation{Schema: f.Schema, Name: outcomeTable.Name}))
	if err != nil {
		return nil, err
	}
	outcomes := map[string]tableOutcome{}
	for _, row := range found.Rows {
		name, _ := row[0].(string)
		var n [6]int64
		for i := range n {
			n[i], _ = row[i+1].(int64)
		}
		outcomes[name] = tableOutcome{n[0], n[1], n[2], n[3], n[4], n[5]}
	}
	return outcomes, nil
}
