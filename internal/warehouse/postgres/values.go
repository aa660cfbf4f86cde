package postgres

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"apotheca/internal/warehouse"
)

// parse reads a value as the server prints it. What the contract's types
// cannot hold, such as the date "infinity", stays text.
func parse(oid uint32, text string) any {
	switch oid {
	case pgtype.BoolOID:
		return text == "t"
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.OIDOID:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v
		}
	case pgtype.Float8OID, pgtype.Float4OID:
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
	case pgtype.NumericOID:
		return parseNumeric(text)
	case pgtype.DateOID:
		if v, err := time.Parse(time.DateOnly, text); err == nil {
			return warehouse.Date{Time: v}
		}
	case pgtype.TimestampOID:
		if v, err := time.Parse("2006-01-02 15:04:05.999999", text); err == nil {
			return warehouse.LocalTime{Time: v}
		}
	case pgtype.TimestamptzOID:
		if v, err := time.Parse("2006-01-02 15:04:05.999999Z07", text); err == nil {
			return v.UTC()
		}
	}
	return text
}

// parseNumeric makes a float of what no decimal is.
func parseNumeric(text string) any {
	switch text {
	case "NaN":
		return math.NaN()
	case "Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	return warehouse.Decimal(text)
}

// bind brings arguments into the server's text form. Text has no type of its
// own there: like a quoted literal it becomes what its place wants.
func bind(args []any) (values [][]byte, types []uint32, err error) {
	values, types = make([][]byte, len(args)), make([]uint32, len(args))
	for i, arg := range args {
		if arg == nil {
			continue
		}
		text, oid, ok := format(arg)
		if !ok {
			return nil, nil, fmt.Errorf("bind argument %d: no type of the database holds a Go %T", i+1, arg)
		}
		values[i], types[i] = []byte(text), oid
	}
	return values, types, nil
}

// format is the inverse of parse, with the type that the value would have.
func format(value any) (text string, oid uint32, ok bool) {
	switch v := value.(type) {
	case string:
		return v, 0, true
	case int64:
		return strconv.FormatInt(v, 10), pgtype.Int8OID, true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), pgtype.Float8OID, true
	case bool:
		return strconv.FormatBool(v), pgtype.BoolOID, true
	case warehouse.Decimal:
		return string(v), pgtype.NumericOID, true
	case warehouse.Date:
		return formatTime(v.Time, time.DateOnly), pgtype.DateOID, true
	case warehouse.LocalTime:
		return formatTime(v.Time, "2006-01-02 15:04:05.999999"), pgtype.TimestampOID, true
	case time.Time:
		return formatTime(v.UTC(), "2006-01-02 15:04:05.999999Z07:00"), pgtype.TimestamptzOID, true
	}
	return "", 0, false
}

// formatTime writes years before the first as the server does.
func formatTime(t time.Time, layout string) string {
	if t.Year() > 0 {
		return t.Format(layout)
	}
	return fmt.Sprintf("%04d", 1-t.Year()) + t.Format(layout[len("2006"):]) + " BC"
}
