package lake

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"apotheca/internal/columnar"
	"apotheca/internal/schema"
)

// TableWriter writes the file of a table, a batch a row group. Batches may be
// encoded at the same time; they are committed one after another, and that
// order is the file's.
type TableWriter struct {
	extract *TableExtract
	table   Table
	file    File
	counter *countingWriter
	writer  *parquet.GenericWriter[any]
	place   []int // of each column in the file
}

func newTableWriter(e *TableExtract, name string, columns []schema.Column) (*TableWriter, error) {
	w := &TableWriter{extract: e, table: Table{Name: name, File: tableFile(name)}, counter: &countingWriter{}}
	layout, err := parquetSchema(name, columns)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", w.table.File, err)
	}
	for _, c := range columns {
		leaf, found := layout.Lookup(c.Name)
		if !found {
			return nil, fmt.Errorf("write %s: column %s has no place", w.table.File, c.Name)
		}
		w.place = append(w.place, leaf.ColumnIndex)
	}
	if w.file, err = e.lake.disk.Create(e.dir + "/" + w.table.File); err != nil {
		return nil, fmt.Errorf("write %s: %w", w.table.File, err)
	}
	w.counter.to = w.file
	w.writer = parquet.NewGenericWriter[any](w.counter, layout,
		parquet.Compression(&zstd.Codec{Level: shardLevel}),
		parquet.CreatedBy("apotheca", "", ""),
	)
	return w, nil
}

// parquetSchema is how the columns of a table are stored. Numbers that grow
// from row to row, as times and numbers of lines do, take little room as the
// differences between them.
func parquetSchema(name string, columns []schema.Column) (*parquet.Schema, error) {
	group := parquet.Group{}
	for _, c := range columns {
		if err := columnar.Check(c.Type); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		node := parquet.String()
		switch c.Type {
		case schema.Integer:
			node = parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
		case schema.Timestamp:
			node = parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked)
		case schema.Date:
			node = parquet.Date()
		case schema.Boolean:
			node = parquet.Leaf(parquet.BooleanType)
		case schema.Double:
			node = parquet.Leaf(parquet.DoubleType)
		}
		if c.Nullable {
			node = parquet.Optional(node)
		}
		if group[c.Name] != nil {
			return nil, fmt.Errorf("two columns are named %s", c.Name)
		}
		group[c.Name] = node
	}
	return parquet.NewSchema(name, group), nil
}

// Encoder makes row groups of batches. It is not for concurrent use; several
// encoders of one table are.
type Encoder struct {
	group  *parquet.ConcurrentRowGroupWriter
	place  []int
	values []parquet.Value
}

// Encoder is a new one of this table.
func (w *TableWriter) Encoder() *Encoder {
	return &Encoder{group: w.writer.BeginRowGroup(), place: w.place, values: make([]parquet.Value, 4096)}
}

// Encode makes a row group of a batch, which is then to be committed. The
// batch is free again.
func (e *Encoder) Encode(batch *columnar.Batch) error {
	if len(batch.Columns) != len(e.place) {
		return fmt.Errorf("encode rows: %d columns instead of %d", len(batch.Columns), len(e.place))
	}
	for i := range batch.Columns {
		place := e.place[i]
		to := e.group.ColumnWriters()[place]
		for row := 0; row < batch.Rows; {
			n := min(len(e.values), batch.Rows-row)
			e.fill(&batch.Columns[i], place, row, n)
			if _, err := to.WriteRowValues(e.values[:n]); err != nil {
				return fmt.Errorf("encode rows: %w", err)
			}
			row += n
		}
		if err := to.Flush(); err != nil {
			return fmt.Errorf("encode rows: %w", err)
		}
	}
	return nil
}

// fill makes values of some rows of a column.
func (e *Encoder) fill(c *columnar.Column, place, row, n int) {
	level := 0
	if c.Null != nil {
		level = 1
	}
	values := e.values[:n]
	switch {
	case c.IsText():
		for i := range values {
			values[i] = parquet.ByteArrayValue(c.TextAt(row + i))
		}
	case c.Type == schema.Double:
		for i, v := range c.Floats[row : row+n] {
			values[i] = parquet.DoubleValue(v)
		}
	case c.Type == schema.Boolean:
		for i, v := range c.Ints[row : row+n] {
			values[i] = parquet.BooleanValue(v != 0)
		}
	case c.Type == schema.Date:
		for i, v := range c.Ints[row : row+n] {
			values[i] = parquet.Int32Value(int32(v))
		}
	default:
		for i, v := range c.Ints[row : row+n] {
			values[i] = parquet.Int64Value(v)
		}
	}
	for i := range values {
		if level == 1 && c.Null[row+i] {
			values[i] = parquet.NullValue().Level(0, 0, place)
		} else {
			values[i] = values[i].Level(0, level, place)
		}
	}
}

// Commit appends a row group to the file. The encoder is free again.
func (w *TableWriter) Commit(e *Encoder) error {
	rows, err := e.group.Commit()
	if err != nil {
		return fmt.Errorf("write %s: %w", w.table.File, err)
	}
	if rows > 0 {
		w.table.RowGroups++
	}
	w.table.Rows += rows
	return nil
}

// Close makes the file last. It is part of the extract once that is finished.
func (w *TableWriter) Close() error {
	err := w.writer.Close()
	if err == nil {
		err = w.file.Sync()
	}
	if err := errors.Join(err, w.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", w.table.File, err)
	}
	w.table.Extent = w.counter.extent()
	w.extract.add(w.table)
	return nil
}

// Abandon closes a file that will not be finished.
func (w *TableWriter) Abandon() { _ = w.file.Close() }
