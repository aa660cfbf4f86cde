package lake_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// writeTable makes an extract of one table and opens it.
func writeTable(t *testing.T, columns []schema.Column, batches ...*columnar.Batch) (*lake.TableReading, lake.Table) {
	t.Helper()
	l := lake.Open(t.TempDir(), lake.Options{})
	extract, err := l.BeginTables("test", "")
	if err != nil {
		t.Fatal(err)
	}
	to, err := extract.Create("things", columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range batches {
		encoder := to.Encoder()
		if err := encoder.Encode(batch); err != nil {
			t.Fatal(err)
		}
		if err := to.Commit(encoder); err != nil {
			t.Fatal(err)
		}
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
	reading, err := lake.OpenTable(l.TablePath(snapshot, "things"), columns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reading.Close() })
	return reading, snapshot.Tables[0]
}

func TestTablesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	batches := []*columnar.Batch{
		fillBatch(1000, 0, 0), fillBatch(1, 1000, 1), fillBatch(0, 0, 0), fillBatch(7, 1001, 1), fillBatch(300, 1008, 3),
	}
	reading, table := writeTable(t, everyType, batches...)
	var want, got []string
	for _, batch := range batches {
		want = append(want, cells(batch)...)
	}
	err := reading.Each(t.Context(), func(b *columnar.Batch) error {
		got = append(got, cells(b)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-written +read):\n%s", diff)
	}
	if table.Rows != int64(len(want)) || table.RowGroups != 4 {
		t.Errorf("the manifest says %+v, want %d rows in 4 row groups", table, len(want))
	}
}

// Ascending row groups that share no value need not be looked at again.
func TestMayRepeat(t *testing.T) {
	t.Parallel()
	columns := []schema.Column{{Name: "id", Type: schema.Integer}}
	for _, test := range []struct {
		name   string
		groups [][]int64
		want   []lake.Span
	}{
		{"no rows", nil, nil},
		{"in order", [][]int64{{1, 2, 9}, {10, 11}, {12}}, nil},
		{"groups in any order", [][]int64{{12}, {-10, 2, 3}, {10, 11}}, nil},
		{"twice in one group", [][]int64{{1, 2, 2}, {3, 4}}, []lake.Span{{1, 2}}},
		{"not in order", [][]int64{{1, 2}, {5, 4}, {6, 7}}, []lake.Span{{4, 5}}},
		{"in two groups", [][]int64{{1, 2, 9}, {9, 10}, {20, 21}}, []lake.Span{{1, 10}}},
		{"one group within another", [][]int64{{1, 100}, {50}, {200}}, []lake.Span{{1, 100}}},
		{"two spans", [][]int64{{1, 1}, {2, 3}, {5, 4}}, []lake.Span{{1, 1}, {4, 5}}},
		{"neighbours are one", [][]int64{{1, 1}, {5, 4}, {7, 8}}, []lake.Span{{1, 5}}},
		{"least and greatest", [][]int64{{math.MinInt64, 0}, {1, math.MaxInt64}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reading, _ := writeTable(t, columns, batchesOf(columns, test.groups)...)
			got, known := reading.MayRepeat("id")
			if diff := cmp.Diff(test.want, got); diff != "" || !known {
				t.Errorf("spans, known %t (-want +got):\n%s", known, diff)
			}
		})
	}
}

func batchesOf(columns []schema.Column, groups [][]int64) (batches []*columnar.Batch) {
	for _, ids := range groups {
		b := columnar.New(columns)
		b.Resize(len(ids))
		copy(b.Columns[0].Ints, ids)
		batches = append(batches, b)
	}
	return batches
}

// Whatever the groups are: a value that two rows have is within a span.
func TestMayRepeatMissesNothing(t *testing.T) {
	t.Parallel()
	columns := []schema.Column{{Name: "id", Type: schema.Integer}}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		groups, times := make([][]int64, 1+dice.IntN(40)), map[int64]int{}
		at := int64(0)
		for i := range groups {
			for range 1 + dice.IntN(4) {
				at += 1 + dice.Int64N(3)
				id := at
				if dice.IntN(20) == 0 {
					id = dice.Int64N(at + 1)
				}
				groups[i] = append(groups[i], id)
				times[id]++
			}
		}
		reading, _ := writeTable(t, columns, batchesOf(columns, groups)...)
		spans, _ := reading.MayRepeat("id")
		for id, n := range times {
			within := slices.ContainsFunc(spans, func(s lake.Span) bool { return s.Least <= id && id <= s.Most })
			if n > 1 && !within {
				t.Fatalf("%d stands in %d rows, and outside %v; groups %v", id, n, spans, groups)
			}
		}
	}
}

// Columns of other types, and those with empty fields, say nothing.
func TestMayRepeatKnowsItsLimits(t *testing.T) {
	t.Parallel()
	reading, _ := writeTable(t, everyType, fillBatch(10, 0, 3))
	for _, column := range []string{"inte_nullable", "text", "date", "time", "doub", "nothing"} {
		if spans, known := reading.MayRepeat(column); known {
			t.Errorf("%s: %v, want it not to be known", column, spans)
		}
	}
}
