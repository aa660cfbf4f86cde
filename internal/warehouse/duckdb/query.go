package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"apotheca/internal/warehouse"
)

func (c *conn) Query(ctx context.Context, sql string, args ...any) (*warehouse.Rows, error) {
	native, columns, err := c.query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	if hasNested(columns) && c.isSelect(sql) {
		if printed, err := c.printed(ctx, sql, args, columns); err == nil {
			if err := native.Close(); err != nil {
				return nil, c.failure(ctx, err)
			}
			native = printed
		}
	}
	return c.rows(ctx, native, columns), nil
}

func (c *conn) query(ctx context.Context, sql string, args []any) (driver.Rows, []warehouse.ResultColumn, error) {
	var rows driver.Rows
	err := c.retries.do(ctx, c.retries.Query, func() (err error) {
		rows, err = c.native.QueryContext(ctx, sql, bind(args))
		return err
	})
	if err != nil {
		return nil, nil, c.failure(ctx, err)
	}
	names := rows.Columns()
	columns := make([]warehouse.ResultColumn, len(names))
	for i, name := range names {
		columns[i] = warehouse.ResultColumn{Name: name, Type: typeName(rows, i)}
	}
	return rows, columns, nil
}

func typeName(rows driver.Rows, i int) string {
	typed, ok := rows.(driver.RowsColumnTypeDatabaseTypeName)
	if !ok {
		return ""
	}
	if name := typed.ColumnTypeDatabaseTypeName(i); name != "TIMESTAMPTZ" {
		return name
	}
	return "TIMESTAMP WITH TIME ZONE"
}

// printed runs a query again with its nested and JSON columns as text. The
// driver decodes those into maps, and with that loses the order of keys and
// the digits of numbers; only the database prints them truly.
func (c *conn) printed(ctx context.Context, sql string, args []any, columns []warehouse.ResultColumn) (driver.Rows, error) {
	outer := make([]string, len(columns))
	for i, column := range columns {
		outer[i] = fmt.Sprintf("#%d", i+1)
		if isNested(column.Type) {
			outer[i] = fmt.Sprintf("cast(#%d as varchar)", i+1)
		}
	}
	inner := strings.TrimRight(strings.TrimSpace(sql), ";")
	wrapped := "select " + strings.Join(outer, ", ") + " from (\n" + inner + "\n) as q"
	rows, err := c.native.QueryContext(ctx, wrapped, bind(args))
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	return rows, nil
}

// isSelect reports a single statement that is safe to run twice.
func (c *conn) isSelect(sql string) bool {
	prepared, err := c.native.Prepare(sql)
	if err != nil {
		return false
	}
	defer prepared.Close()
	kind, err := prepared.(*duckdb.Stmt).StatementType()
	return err == nil && kind == duckdb.STATEMENT_TYPE_SELECT
}

func hasNested(columns []warehouse.ResultColumn) bool {
	return slices.ContainsFunc(columns, func(c warehouse.ResultColumn) bool { return isNested(c.Type) })
}

func isNested(typeName string) bool {
	if typeName == "JSON" || strings.HasSuffix(typeName, "]") {
		return true
	}
	for _, prefix := range []string{"STRUCT", "MAP", "UNION", "INTERVAL", "BLOB", "BIT", "TIME"} {
		if strings.HasPrefix(typeName, prefix) {
			return !strings.HasPrefix(typeName, "TIMESTAMP")
		}
	}
	return false
}

func (c *conn) rows(ctx context.Context, native driver.Rows, columns []warehouse.ResultColumn) *warehouse.Rows {
	scanned := make([]driver.Value, len(columns))
	closed := false
	next := func() ([]any, error) {
		if closed {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		err := native.Next(scanned)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, c.failure(ctx, err)
		}
		row := make([]any, len(columns))
		for i, value := range scanned {
			row[i] = fromNative(value, columns[i].Type)
		}
		return row, nil
	}
	closeRows := func() error {
		if closed {
			return nil
		}
		closed = true
		return native.Close()
	}
	return warehouse.NewRows(columns, next, closeRows)
}

// fromNative maps what the driver scans to the contract's values.
func fromNative(value driver.Value, typeName string) any {
	switch v := value.(type) {
	case nil, bool, int64, float64, string:
		return v
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case uint64:
		return integer(new(big.Int).SetUint64(v))
	case *big.Int:
		return integer(v)
	case float32:
		return float64(v)
	case duckdb.Decimal:
		return decimal(v)
	case time.Time:
		return moment(v, typeName)
	case []byte:
		if typeName == "UUID" && len(v) == 16 {
			return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
		}
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

func integer(v *big.Int) any {
	if v.IsInt64() {
		return v.Int64()
	}
	return warehouse.Decimal(v.String())
}

func decimal(v duckdb.Decimal) warehouse.Decimal {
	digits := new(big.Int).Abs(v.Value).String()
	scale := int(v.Scale)
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	text := digits
	if scale > 0 {
		text = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	if v.Value.Sign() < 0 {
		text = "-" + text
	}
	return warehouse.Decimal(text)
}

func moment(v time.Time, typeName string) any {
	switch {
	case typeName == "DATE":
		return warehouse.Date{Time: v}
	case typeName == "TIMESTAMP WITH TIME ZONE":
		return v.UTC()
	default:
		return warehouse.LocalTime{Time: v}
	}
}
