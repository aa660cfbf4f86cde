package lake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"apotheca/internal/columnar"
	"apotheca/internal/schema"
)

// TableWriter writes the file of a table, a batch a row group. Batches may be
// encoded at the same time; they are committed one after another, and that
// order is the file's.
//
// Batches are columns already, and a column of a row group is one page: so the
// pages are made here, of whole slices. A writer of rows would have every cell
// go by on its own, which takes as long as to read it from text.
type TableWriter struct {
	extract *TableExtract
	table   Table
	file    File
	counter *countingWriter
	columns []storage
	footer  format.FileMetaData
}

// magic begins and ends a Parquet file.
const magic = "PAR1"

func newTableWriter(e *TableExtract, name string, columns []schema.Column) (w *TableWriter, err error) {
	w = &TableWriter{extract: e, table: Table{Name: name, File: tableFile(name)}}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", w.table.File, err)
		}
	}()
	if err := w.layout(columns); err != nil {
		return nil, err
	}
	if w.file, err = e.lake.disk.Create(e.dir + "/" + w.table.File); err != nil {
		return nil, err
	}
	w.counter = &countingWriter{to: w.file}
	if _, err = w.counter.Write([]byte(magic)); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	return w, nil
}

// layout says in the footer which columns the file has.
func (w *TableWriter) layout(columns []schema.Column) error {
	w.footer.Version, w.footer.CreatedBy = 2, "apotheca"
	w.footer.Schema = append(w.footer.Schema, format.SchemaElement{Name: w.table.Name, NumChildren: thrift.New(int32(len(columns)))})
	names := map[string]bool{}
	for _, c := range columns {
		if names[c.Name] {
			return fmt.Errorf("two columns are named %s", c.Name)
		}
		names[c.Name] = true
		s, err := storageOf(c)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		w.columns = append(w.columns, s)
		w.footer.Schema = append(w.footer.Schema, s.element())
		w.footer.ColumnOrders = append(w.footer.ColumnOrders, *s.typ.ColumnOrder())
	}
	return nil
}

// Encoder makes row groups of batches. It is not for concurrent use; several
// encoders of one table are.
type Encoder struct {
	columns []storage
	pages   []page
	rows    int
	values  values
}

// Encoder is a new one of this table.
func (w *TableWriter) Encoder() *Encoder {
	return &Encoder{columns: w.columns, pages: make([]page, len(w.columns))}
}

// Encode makes a row group of a batch, which is then to be committed. The
// batch is free again.
func (e *Encoder) Encode(batch *columnar.Batch) error {
	if len(batch.Columns) != len(e.columns) {
		return fmt.Errorf("encode rows: %d columns instead of %d", len(batch.Columns), len(e.columns))
	}
	e.rows = batch.Rows
	if e.rows == 0 {
		return nil
	}
	for i := range batch.Columns {
		if err := e.pages[i].encode(&e.columns[i], &batch.Columns[i], batch.Rows, &e.values); err != nil {
			return fmt.Errorf("encode rows: column %s: %w", e.columns[i].name, err)
		}
	}
	return nil
}

// Commit appends a row group to the file. The encoder is free again.
func (w *TableWriter) Commit(e *Encoder) error {
	if e.rows == 0 {
		return nil
	}
	group := format.RowGroup{
		NumRows: int64(e.rows), FileOffset: w.counter.bytes,
		// Readers go by the order of the row groups, and of this number there
		// are 32,768.
		Ordinal: int16(w.table.RowGroups),
	}
	for i := range e.pages {
		p := &e.pages[i]
		p.meta.DataPageOffset = w.counter.bytes
		for _, part := range [][]byte{p.header.Bytes(), p.levels, p.body} {
			if _, err := w.counter.Write(part); err != nil {
				return fmt.Errorf("write %s: %w", w.table.File, err)
			}
		}
		group.TotalByteSize += p.meta.TotalUncompressedSize
		group.TotalCompressedSize += p.meta.TotalCompressedSize
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: p.meta})
	}
	w.footer.RowGroups = append(w.footer.RowGroups, group)
	w.footer.NumRows += group.NumRows
	w.table.RowGroups++
	w.table.Rows += group.NumRows
	return nil
}

// Close makes the file last. It is part of the extract once that is finished.
func (w *TableWriter) Close() error {
	err := w.writeFooter()
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

// writeFooter ends the file with where all is, the size of that, and the magic.
func (w *TableWriter) writeFooter() error {
	var text bytes.Buffer
	if err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&text)).Encode(&w.footer); err != nil {
		return err
	}
	end := binary.LittleEndian.AppendUint32(text.Bytes(), uint32(text.Len()))
	_, err := w.counter.Write(append(end, magic...))
	return err
}

// Abandon closes a file that will not be finished.
func (w *TableWriter) Abandon() { _ = w.file.Close() }
