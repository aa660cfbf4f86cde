package lake_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/columnar"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
)

// everyType is a column of each type, once required and once not.
var everyType = func() (columns []schema.Column) {
	for _, t := range []schema.Type{
		schema.Integer, schema.Boolean, schema.Date, schema.Timestamp, schema.Double, schema.Text, "decimal(12,2)",
	} {
		name := string(t[:4])
		columns = append(columns, schema.Column{Name: name, Type: t}, schema.Column{Name: name + "_nullable", Type: t, Nullable: true})
	}
	return columns
}()

// fillBatch makes rows in which every n-th nullable value is missing; 0 is none.
func fillBatch(rows, from, n int) *columnar.Batch {
	b := columnar.New(everyType)
	b.Resize(rows)
	for i := range b.Columns {
		c := &b.Columns[i]
		for row := range rows {
			at := from + row
			switch {
			case c.Null != nil && n > 0 && row%n == 0:
				c.SetNull(row)
			case c.IsText():
				c.SetText(row, []byte(fmt.Sprint(at * at % 100)[at%2:]))
			case c.Type == schema.Double:
				c.Floats[row] = float64(at) / 3
			case c.Type == schema.Boolean:
				c.Ints[row] = int64(at % 3 % 2)
			case c.Type == schema.Integer:
				c.Ints[row] = int64(at*at)<<40 - 1<<50
			default:
				c.Ints[row] = int64(at*7%5 - 2)
			}
		}
	}
	return b
}

// cells are the rows of a batch, to be compared.
func cells(b *columnar.Batch) (rows []string) {
	for row := range b.Rows {
		text := ""
		for i := range b.Columns {
			switch c := &b.Columns[i]; {
			case c.IsNull(row):
				text += " null"
			case c.IsText():
				text += fmt.Sprintf(" %q", c.TextAt(row))
			case c.Type == schema.Double:
				text += fmt.Sprint(" ", c.Floats[row])
			default:
				text += fmt.Sprint(" ", c.Ints[row])
			}
		}
		rows = append(rows, text)
	}
	return rows
}

func TestTablesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	l := lake.Open(t.TempDir(), lake.Options{})
	extract, err := l.BeginTables("test", "")
	if err != nil {
		t.Fatal(err)
	}
	to, err := extract.Create("things", everyType)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, batch := range []*columnar.Batch{
		fillBatch(1000, 0, 0), fillBatch(1, 1000, 1), fillBatch(0, 0, 0), fillBatch(7, 1001, 1), fillBatch(300, 1008, 3),
	} {
		encoder := to.Encoder()
		if err := encoder.Encode(batch); err != nil {
			t.Fatal(err)
		}
		if err := to.Commit(encoder); err != nil {
			t.Fatal(err)
		}
		want = append(want, cells(batch)...)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	if err := extract.Finish(nil); err != nil {
		t.Fatal(err)
	}
	snapshot, err := l.Latest()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Verify(snapshot); err != nil {
		t.Error(err)
	}
	reading, err := lake.OpenTable(l.TablePath(snapshot, "things"), everyType)
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	var got []string
	err = reading.Each(t.Context(), func(b *columnar.Batch) error {
		got = append(got, cells(b)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
	if snapshot.Tables[0].Rows != int64(len(want)) || snapshot.Tables[0].RowGroups != 4 {
		t.Errorf("the manifest says %+v, want %d rows in 4 row groups", snapshot.Tables[0], len(want))
	}
}
