package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Load appends rows through an appender whose batches are inserted by a query:
// unlike the plain appender it checks ranges, converts as an insert would, and
// keeps JSON text as it is.
func (c *conn) Load(ctx context.Context, table warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	if len(columns) == 0 {
		return 0, fmt.Errorf("load %s: no columns", table.Name)
	}
	var loaded int64
	load := func(ctx context.Context) (err error) {
		loaded, err = c.load(ctx, table, columns, rows)
		return err
	}
	var err error
	if c.inTx {
		err = load(ctx)
	} else {
		err = c.Transact(ctx, load)
	}
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table.Name, err)
	}
	return loaded, nil
}

func (c *conn) load(ctx context.Context, table warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	if err := c.check(ctx, table, columns); err != nil {
		return 0, err
	}
	appender, err := c.appender(table, columns)
	if err != nil {
		return 0, err
	}
	var count int64
	held := 0
	values := make([]driver.Value, len(columns))
	for row, err := range rows {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = appendRow(appender, columns, row, values)
		}
		if held += size(row); err == nil && held >= heldBytes {
			held = 0
			if err = appender.FlushWithCancel(ctx); err != nil {
				err = c.failure(ctx, err)
			}
		}
		if err != nil {
			// Whatever the appender still holds goes with the transaction.
			_ = appender.Clear()
			_ = appender.Close()
			return 0, err
		}
		count++
	}
	if err := appender.CloseWithCancel(ctx); err != nil {
		return 0, c.failure(ctx, err)
	}
	return count, nil
}

// heldBytes is about how much an appender may hold before it is emptied. By
// itself it waits for 204,800 rows, however long they are.
const heldBytes = 8 << 20

func size(row []any) int {
	bytes := 16 * len(row)
	for _, value := range row {
		if text, ok := value.(string); ok {
			bytes += len(text)
		}
	}
	return bytes
}

// check asks for the columns, because an appender without rows never would.
func (c *conn) check(ctx context.Context, table warehouse.Relation, columns []schema.Column) error {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	dialect := Dialect()
	_, err := c.Exec(ctx, "select "+dialect.QuoteAll(names)+" from "+dialect.QuoteRelation(table)+" limit 0")
	return err
}

func (c *conn) appender(table warehouse.Relation, columns []schema.Column) (*duckdb.Appender, error) {
	dialect := Dialect()
	types := make([]duckdb.TypeInfo, len(columns))
	targets, staged := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		info, err := duckdb.NewTypeInfo(staging(column.Type))
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", column.Name, err)
		}
		types[i] = info
		targets[i] = column.Name
		staged[i] = fmt.Sprintf("c%d", i)
	}
	query := "insert into " + dialect.QuoteRelation(table) + " (" + dialect.QuoteAll(targets) +
		") select " + strings.Join(staged, ", ") + " from appended_data"
	appender, err := duckdb.NewQueryAppender(c.native, query, "appended_data", types, staged)
	if err != nil {
		return nil, c.clean(err)
	}
	return appender, nil
}

// staging is the type in which a value travels; the insert converts it to the
// column's. Decimals travel as text, which keeps every digit.
func staging(t schema.Type) duckdb.Type {
	switch t {
	case schema.Integer:
		return duckdb.TYPE_BIGINT
	case schema.Double:
		return duckdb.TYPE_DOUBLE
	case schema.Boolean:
		return duckdb.TYPE_BOOLEAN
	case schema.Date:
		return duckdb.TYPE_DATE
	case schema.Timestamp:
		return duckdb.TYPE_TIMESTAMP_TZ
	default:
		return duckdb.TYPE_VARCHAR
	}
}

func appendRow(appender *duckdb.Appender, columns []schema.Column, row []any, values []driver.Value) error {
	if len(row) != len(columns) {
		return fmt.Errorf("row has %d values for %d columns", len(row), len(columns))
	}
	for i, value := range row {
		values[i] = native(value)
	}
	if err := appender.AppendRow(values...); err != nil {
		return clean(err)
	}
	return nil
}

// LoadParquet implements warehouse.ParquetLoader.
func (c *conn) LoadParquet(ctx context.Context, table warehouse.Relation, columns []schema.Column, path string, from warehouse.Bound) (int64, error) {
	dialect := Dialect()
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, column := range columns {
		names[i], values[i] = column.Name, dialect.Quote(column.Name)
		if _, _, isDecimal := column.Type.DecimalSize(); isDecimal {
			values[i] = fmt.Sprintf("cast(%s as %s)", values[i], column.Type)
		}
	}
	sql := "insert into " + dialect.QuoteRelation(table) + " (" + dialect.QuoteAll(names) + ") select " +
		strings.Join(values, ", ") + " from read_parquet(" + warehouse.StringLiteral(path) + ")"
	var args []any
	if from.Column != "" {
		sql += " where " + dialect.Quote(from.Column) + " >= " + dialect.Placeholder(1)
		args = append(args, from.Value)
	}
	result, err := c.Exec(ctx, sql, args...)
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table.Name, err)
	}
	return result.Rows, nil
}
