package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Load appends rows by COPY, which by itself is all or nothing. Columns whose
// stored type is the one that a value travels in go in binary; when one is not,
// all go as text and the server reads it as an insert would.
func (c *conn) Load(ctx context.Context, table warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	loaded, err := c.load(ctx, table, columns, rows)
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table.Name, err)
	}
	return loaded, nil
}

func (c *conn) load(ctx context.Context, table warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	if len(columns) == 0 {
		return 0, errors.New("no columns")
	}
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	dialect := Dialect()
	list := dialect.QuoteAll(names)
	describe := "select " + list + " from " + dialect.QuoteRelation(table)
	target, err := c.native.Prepare(ctx, "", describe, nil)
	if err != nil {
		return 0, c.failure(ctx, describe, err)
	}
	encoder := newEncoder(columns, target.Fields)
	tag, err := c.copy(ctx, "copy "+dialect.QuoteRelation(table)+" ("+list+") from stdin"+encoder.options(), encoder, rows)
	return tag.RowsAffected(), err
}

// copy encodes rows here while they are sent from another goroutine.
func (c *conn) copy(ctx context.Context, sql string, encoder encoder, rows iter.Seq2[[]any, error]) (pgconn.CommandTag, error) {
	reader, writer := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = reader.CloseWithError(context.Cause(ctx)) })
	defer stop()
	type outcome struct {
		tag pgconn.CommandTag
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		tag, err := c.native.CopyFrom(ctx, reader, sql)
		_ = reader.CloseWithError(errCopyEnded)
		done <- outcome{tag, err}
	}()
	var copied outcome
	encoded := errors.New("the sequence of rows panicked")
	func() {
		defer func() { // also in a panic: nothing may go on using the session
			_ = writer.CloseWithError(encoded)
			copied = <-done
		}()
		encoded = encodeAll(writer, encoder, rows)
	}()
	switch {
	case encoded != nil && !errors.Is(encoded, errCopyEnded) && ctx.Err() == nil:
		return pgconn.CommandTag{}, encoded
	case copied.err != nil:
		return pgconn.CommandTag{}, c.failure(ctx, sql, copied.err)
	}
	return copied.tag, nil
}

// errCopyEnded stops the encoding when the server has.
var errCopyEnded = errors.New("the server ended the copy")

// chunkBytes are gathered before they are sent.
const chunkBytes = 64 << 10

func encodeAll(out io.Writer, encoder encoder, rows iter.Seq2[[]any, error]) error {
	buffer := encoder.begin(make([]byte, 0, 2*chunkBytes))
	count := 0
	for row, err := range rows {
		count++
		if err == nil {
			buffer, err = encoder.row(buffer, row)
			if err != nil {
				err = fmt.Errorf("row %d: %w", count, err)
			}
		}
		if err == nil && len(buffer) >= chunkBytes {
			_, err = out.Write(buffer)
			buffer = buffer[:0]
		}
		if err != nil {
			return err
		}
	}
	_, err := out.Write(encoder.end(buffer))
	return err
}

// An encoder writes rows in one of the formats of COPY.
type encoder interface {
	options() string
	begin([]byte) []byte
	row(buffer []byte, row []any) ([]byte, error)
	end([]byte) []byte
}

func newEncoder(columns []schema.Column, stored []pgconn.FieldDescription) encoder {
	fields := make([]field, len(columns))
	for i, column := range columns {
		fields[i] = field{name: column.Name, encode: binaryOf(column.Type, stored[i].DataTypeOID)}
	}
	if slices.ContainsFunc(fields, func(f field) bool { return f.encode == nil }) {
		return textEncoder{columns}
	}
	return binaryEncoder{fields}
}
