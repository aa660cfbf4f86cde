package pipeline

import (
	"context"
	"iter"
	"time"

	"apotheca/internal/columnar"
	"apotheca/internal/lake"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// rowsOf yields the rows of a table of the lake as a warehouse takes them. A
// row is only valid until the next.
func rowsOf(ctx context.Context, path string, columns []schema.Column, from *floor) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		reading, err := lake.OpenTable(path, columns)
		if err != nil {
			yield(nil, err)
			return
		}
		defer reading.Close()
		row := make([]any, len(columns))
		stopped := false
		err = reading.Each(ctx, func(b *columnar.Batch) error {
			for i := range b.Rows {
				if from != nil && b.Columns[from.column].Ints[i] < from.least {
					continue
				}
				for c := range b.Columns {
					row[c] = valueAt(&b.Columns[c], i)
				}
				if !yield(row, nil) {
					stopped = true
					return errStopped
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// errStopped ends a reading whose rows are no longer wanted.
var errStopped = context.Canceled

func valueAt(c *columnar.Column, row int) any {
	switch {
	case c.IsNull(row):
		return nil
	case c.Type == schema.Text:
		return string(c.TextAt(row))
	case c.IsText():
		return warehouse.Decimal(c.TextAt(row))
	case c.Type == schema.Double:
		return c.Floats[row]
	case c.Type == schema.Boolean:
		return c.Ints[row] != 0
	case c.Type == schema.Date:
		return warehouse.Date{Time: time.Unix(c.Ints[row]*24*60*60, 0).UTC()}
	case c.Type == schema.Timestamp:
		return columnar.Micros(c.Ints[row])
	}
	return c.Ints[row]
}

// floor is the least value of a watermark that is loaded.
type floor struct {
	column int
	least  int64 // as it is held in columns
	bound  warehouse.Bound
}

// floorOf is the floor at a value as a warehouse reads it.
func floorOf(t schema.Table, watermark string, value any) *floor {
	f := &floor{bound: warehouse.Bound{Column: watermark, Value: value}}
	for i, c := range t.Columns {
		if c.Name == watermark {
			f.column = i
		}
	}
	switch v := value.(type) {
	case time.Time:
		f.least = v.UnixMicro()
	case warehouse.Date:
		f.least = v.Unix() / (24 * 60 * 60)
	case int64:
		f.least = v
	default:
		return nil // the table is empty
	}
	return f
}
