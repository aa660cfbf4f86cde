package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// typeName is the name of a result column's type, spelled as format_type does;
// empty where that has to be asked.
func typeName(oid uint32, modifier int32) string {
	if modifier >= 0 {
		return sizedName(oid, modifier-4)
	}
	if name := baseName(oid); name != "" {
		return name
	}
	if name := baseName(elementOf(oid)); name != "" {
		return name + "[]"
	}
	return ""
}

func sizedName(oid uint32, size int32) string {
	switch oid {
	case pgtype.NumericOID:
		precision, scale := size>>16, size&0x7ff
		return fmt.Sprintf("numeric(%d,%d)", precision, (scale^1024)-1024)
	case pgtype.VarcharOID:
		return fmt.Sprintf("character varying(%d)", size)
	case pgtype.BPCharOID:
		return fmt.Sprintf("character(%d)", size)
	}
	return ""
}

// nameTypes asks for the names of the types that only the server knows: those
// of a database and of its extensions, and sizes of the rarer ones. Under a
// result that is not at its end nothing can be asked; its types are numbered.
func (c *conn) nameTypes(ctx context.Context, result *cursor) error {
	var unnamed []int
	var oids, modifiers []string
	for i, column := range result.columns {
		if column.Type != "" {
			continue
		}
		field := result.fields[i]
		result.columns[i].Type = fmt.Sprintf("type %d", field.DataTypeOID)
		unnamed = append(unnamed, i)
		oids = append(oids, strconv.FormatUint(uint64(field.DataTypeOID), 10))
		modifiers = append(modifiers, strconv.FormatInt(int64(field.TypeModifier), 10))
	}
	if len(unnamed) == 0 || !result.closed {
		return nil
	}
	sql := "select pg_catalog.format_type(oid, modifier) from unnest('{" + strings.Join(oids, ",") + "}'::oid[], '{" +
		strings.Join(modifiers, ",") + "}'::integer[]) as t(oid, modifier)"
	results, err := c.native.Exec(ctx, sql).ReadAll()
	if err != nil {
		return fmt.Errorf("name the types of a result: %w", c.failure(ctx, sql, err))
	}
	for k, row := range results[0].Rows {
		result.columns[unnamed[k]].Type = string(row[0])
	}
	return nil
}

func baseName(oid uint32) string {
	switch oid {
	case pgtype.BoolOID:
		return "boolean"
	case pgtype.ByteaOID:
		return "bytea"
	case pgtype.NameOID:
		return "name"
	case pgtype.Int8OID:
		return "bigint"
	case pgtype.Int4OID:
		return "integer"
	case pgtype.Int2OID:
		return "smallint"
	case pgtype.OIDOID:
		return "oid"
	case pgtype.TextOID, pgtype.UnknownOID:
		return "text"
	case pgtype.JSONOID:
		return "json"
	case pgtype.JSONBOID:
		return "jsonb"
	case pgtype.Float4OID:
		return "real"
	case pgtype.Float8OID:
		return "double precision"
	case pgtype.NumericOID:
		return "numeric"
	case pgtype.VarcharOID:
		return "character varying"
	case pgtype.BPCharOID:
		return "bpchar"
	case pgtype.QCharOID:
		return `"char"`
	case pgtype.DateOID:
		return "date"
	case pgtype.TimeOID:
		return "time without time zone"
	case pgtype.TimetzOID:
		return "time with time zone"
	case pgtype.TimestampOID:
		return "timestamp without time zone"
	case pgtype.TimestamptzOID:
		return "timestamp with time zone"
	case pgtype.IntervalOID:
		return "interval"
	case pgtype.UUIDOID:
		return "uuid"
	case pgtype.InetOID:
		return "inet"
	case pgtype.CIDROID:
		return "cidr"
	}
	return ""
}

func elementOf(array uint32) uint32 {
	switch array {
	case pgtype.BoolArrayOID:
		return pgtype.BoolOID
	case pgtype.NameArrayOID:
		return pgtype.NameOID
	case pgtype.Int8ArrayOID:
		return pgtype.Int8OID
	case pgtype.Int4ArrayOID:
		return pgtype.Int4OID
	case pgtype.Int2ArrayOID:
		return pgtype.Int2OID
	case pgtype.TextArrayOID:
		return pgtype.TextOID
	case pgtype.VarcharArrayOID:
		return pgtype.VarcharOID
	case pgtype.Float8ArrayOID:
		return pgtype.Float8OID
	case pgtype.NumericArrayOID:
		return pgtype.NumericOID
	case pgtype.DateArrayOID:
		return pgtype.DateOID
	case pgtype.TimestampArrayOID:
		return pgtype.TimestampOID
	case pgtype.TimestamptzArrayOID:
		return pgtype.TimestamptzOID
	case pgtype.UUIDArrayOID:
		return pgtype.UUIDOID
	case pgtype.JSONArrayOID:
		return pgtype.JSONOID
	case pgtype.JSONBArrayOID:
		return pgtype.JSONBOID
	}
	return 0
}
