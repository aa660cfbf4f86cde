package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"

	"apotheca/internal/columnar"
	"apotheca/internal/schema"
)

// TableReading is the file of a table that is being read, some rows at a time.
type TableReading struct {
	file    *os.File
	opened  *parquet.File
	columns []schema.Column
	place   []int
}

// OpenTable opens the file of a table for the columns named.
func OpenTable(path string, columns []schema.Column) (*TableReading, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &TableReading{file: file, columns: columns}
	if err := r.open(); err != nil {
		file.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return r, nil
}

func (r *TableReading) open() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	if r.opened, err = parquet.OpenFile(r.file, info.Size(), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true)); err != nil {
		return err
	}
	for _, c := range r.columns {
		leaf, found := r.opened.Schema().Lookup(c.Name)
		if !found {
			return fmt.Errorf("it has no column %s", c.Name)
		}
		r.place = append(r.place, leaf.ColumnIndex)
	}
	return nil
}

// Rows is the number of rows of the file.
func (r *TableReading) Rows() int64 { return r.opened.NumRows() }

// Close ends the reading.
func (r *TableReading) Close() error { return r.file.Close() }

// Each visits the rows, a row group at a time. The batch is only valid until
// the next one.
func (r *TableReading) Each(ctx context.Context, visit func(*columnar.Batch) error) error {
	batch := columnar.New(r.columns)
	for n, group := range r.opened.RowGroups() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		batch.Resize(int(group.NumRows()))
		chunks := group.ColumnChunks()
		for i := range batch.Columns {
			if err := readColumn(chunks[r.place[i]], &batch.Columns[i], batch.Rows); err != nil {
				return fmt.Errorf("read row group %d, column %s: %w", n+1, r.columns[i].Name, err)
			}
		}
		if err := visit(batch); err != nil {
			return err
		}
	}
	return nil
}

func readColumn(chunk parquet.ColumnChunk, c *columnar.Column, rows int) (err error) {
	pages := chunk.Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	values := make([]parquet.Value, 1024)
	row := 0
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values)
			if row+n > rows {
				parquet.Release(page)
				return errors.New("more values than rows")
			}
			for i := range values[:n] {
				take(&values[i], c, row)
				row++
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				parquet.Release(page)
				return err
			}
		}
		parquet.Release(page)
	}
	if row != rows {
		return fmt.Errorf("%d values for %d rows", row, rows)
	}
	return nil
}

func take(v *parquet.Value, c *columnar.Column, row int) {
	switch {
	case v.IsNull():
		c.SetNull(row)
	case c.IsText():
		c.SetText(row, v.ByteArray())
	case c.Type == schema.Double:
		c.Floats[row] = v.Double()
	case c.Type == schema.Boolean:
		c.Ints[row] = 0
		if v.Boolean() {
			c.Ints[row] = 1
		}
	case c.Type == schema.Date:
		c.Ints[row] = int64(v.Int32())
	default:
		c.Ints[row] = v.Int64()
	}
}
