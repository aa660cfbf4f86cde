package pipeline

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/csvfile"
	"apotheca/internal/warehouse"
)

// BadRowsError stops a load at records that are no rows, of whatever kind and
// in whichever file: nothing was loaded.
type BadRowsError struct {
	// First are the first of them, in the order of the files.
	First []csvfile.RowError
	Total int64
}

// badRows counts, in the record of a load that refused them, the bad rows.
const badRows = "bad_rows"

func (e *BadRowsError) Error() string {
	if e.Total == 1 {
		return e.First[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s bad rows", Grouped(e.Total))
	if e.Total > int64(len(e.First)) {
		fmt.Fprintf(&b, ", the first %d", len(e.First))
	}
	b.WriteString(":")
	for _, row := range e.First {
		b.WriteString("\n  " + row.Error())
	}
	return b.String()
}

// Hint is how to go on with or without them.
func (e *BadRowsError) Hint() string {
	return "mend them and run again; or --on-bad-row quarantine sets such rows aside and counts them. Nothing was loaded"
}

// refuseBadRows ends the load when any row was set aside.
func (l *fileLoader) refuseBadRows(ctx context.Context) error {
	e := &BadRowsError{}
	var err error
	if e.Total, err = count(ctx, l.conn, "select count(*) from "+l.new(quarantineTable)); err != nil || e.Total == 0 {
		return err
	}
	found, err := warehouse.Fetch(ctx, l.conn, sampleMax,
		"select file, line, column_name, reason from "+l.new(quarantineTable)+" order by "+l.filePlace()+", line, column_name")
	if err != nil {
		return fmt.Errorf("read bad rows: %w", err)
	}
	for _, row := range found.Rows {
		var r csvfile.RowError
		r.File, _ = row[0].(string)
		r.Line, _ = row[1].(int64)
		r.Column, _ = row[2].(string)
		r.Reason, _ = row[3].(string)
		e.First = append(e.First, r)
	}
	return e
}

// filePlace is the place of a row's file among those of the extract.
func (l *fileLoader) filePlace() string {
	sql := "case table_name || ':' || file"
	for i, in := range l.snapshot.Inputs {
		sql += " when " + warehouse.StringLiteral(in.Table+":"+in.File) + fmt.Sprintf(" then %d", i)
	}
	return sql + " end"
}
