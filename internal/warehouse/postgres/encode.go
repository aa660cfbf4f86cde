package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// binaryEncoder writes COPY's binary format: a header, then for each row the
// number of its values and for each value its length and its bytes.
type binaryEncoder struct{ fields []field }

type field struct {
	name   string
	encode func(buffer []byte, value any) ([]byte, error)
}

func (binaryEncoder) options() string { return " (format binary)" }

func (binaryEncoder) begin(b []byte) []byte {
	return append(b, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
}

func (binaryEncoder) end(b []byte) []byte { return append(b, 0xff, 0xff) }

func (e binaryEncoder) row(b []byte, row []any) ([]byte, error) {
	if len(row) != len(e.fields) {
		return b, fmt.Errorf("it has %d values for %d columns", len(row), len(e.fields))
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(row)))
	var err error
	for i, value := range row {
		if value == nil {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		if b, err = e.fields[i].encode(b, value); err != nil {
			return b, fmt.Errorf("column %s: %w", e.fields[i].name, err)
		}
	}
	return b, nil
}

// binaryOf is how values of a logical type are stored in a column of a type,
// nil when the server has to convert them.
func binaryOf(t schema.Type, stored uint32) func([]byte, any) ([]byte, error) {
	if _, _, ok := t.DecimalSize(); ok && stored == pgtype.NumericOID {
		return encodeNumeric
	}
	switch t {
	case schema.Text, schema.JSON:
		switch stored {
		case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.JSONOID:
			return encodeText
		}
	case schema.Integer:
		switch stored {
		case pgtype.Int8OID:
			return encodeInt8
		case pgtype.Int4OID:
			return encodeInt4
		}
	case schema.Double:
		if stored == pgtype.Float8OID {
			return encodeFloat8
		}
	case schema.Boolean:
		if stored == pgtype.BoolOID {
			return encodeBool
		}
	case schema.Date:
		if stored == pgtype.DateOID {
			return encodeDate
		}
	case schema.Timestamp:
		if stored == pgtype.TimestamptzOID {
			return encodeTimestamptz
		}
	}
	return nil
}

func wrongType(want string, value any) error {
	return fmt.Errorf("it wants %s and was given %T", want, value)
}

func encodeText(b []byte, value any) ([]byte, error) {
	v, ok := value.(string)
	if !ok {
		return b, wrongType("text", value)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
	return append(b, v...), nil
}

func encodeInt8(b []byte, value any) ([]byte, error) {
	v, ok := value.(int64)
	if !ok {
		return b, wrongType("an integer", value)
	}
	b = append(b, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v)), nil
}

func encodeInt4(b []byte, value any) ([]byte, error) {
	v, ok := value.(int64)
	if !ok {
		return b, wrongType("an integer", value)
	}
	if v < math.MinInt32 || v > math.MaxInt32 {
		return b, fmt.Errorf("%d is out of range for integer", v)
	}
	b = append(b, 0, 0, 0, 4)
	return binary.BigEndian.AppendUint32(b, uint32(v)), nil
}

func encodeFloat8(b []byte, value any) ([]byte, error) {
	v, ok := value.(float64)
	if !ok {
		return b, wrongType("a double", value)
	}
	b = append(b, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v)), nil
}

func encodeBool(b []byte, value any) ([]byte, error) {
	v, ok := value.(bool)
	if !ok {
		return b, wrongType("a boolean", value)
	}
	if v {
		return append(b, 0, 0, 0, 1, 1), nil
	}
	return append(b, 0, 0, 0, 1, 0), nil
}

// The server counts days and microseconds from 2000-01-01.
const (
	secondsPerDay = 86_400
	epochDays     = 10_957
	epochMicros   = epochDays * secondsPerDay * 1_000_000
)

func encodeDate(b []byte, value any) ([]byte, error) {
	v, ok := value.(warehouse.Date)
	if !ok {
		return b, wrongType("a date", value)
	}
	days := v.Unix()/secondsPerDay - epochDays
	if v.Unix()%secondsPerDay < 0 {
		days--
	}
	if days <= math.MinInt32 || days >= math.MaxInt32 {
		return b, fmt.Errorf("%s is out of range for date", v)
	}
	b = append(b, 0, 0, 0, 4)
	return binary.BigEndian.AppendUint32(b, uint32(days)), nil
}

func encodeTimestamptz(b []byte, value any) ([]byte, error) {
	v, ok := value.(time.Time)
	if !ok {
		return b, wrongType("an instant", value)
	}
	if year := v.UTC().Year(); year < -4712 || year > 294_000 {
		return b, fmt.Errorf("%s is out of range for timestamp", v)
	}
	b = append(b, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v.UnixMicro()-epochMicros)), nil
}

var errNoNumber = errors.New("it is no decimal number")

// encodeNumeric writes the digits in groups of four, as the server keeps them.
func encodeNumeric(b []byte, value any) ([]byte, error) {
	v, ok := value.(warehouse.Decimal)
	if !ok {
		return b, wrongType("a decimal", value)
	}
	digits, point, negative, err := readDecimal(string(v))
	if err != nil {
		return b, err
	}
	scale := max(len(digits)-point, 0)
	for len(digits) > 0 && digits[0] == 0 {
		digits, point = digits[1:], point-1
	}
	if len(digits) == 0 {
		point = 1 // zero has no digits and weight 0
	}
	lead := (4 - point%4) % 4
	if point < 0 {
		lead = -point % 4
	}
	groups := (lead + len(digits) + 3) / 4
	if len(digits) == 0 {
		groups = 0
	}
	sign := uint16(0)
	if negative {
		sign = 0x4000
	}
	b = binary.BigEndian.AppendUint32(b, uint32(8+2*groups))
	b = binary.BigEndian.AppendUint16(b, uint16(groups))
	b = binary.BigEndian.AppendUint16(b, uint16((point+lead)/4-1))
	b = binary.BigEndian.AppendUint16(b, sign)
	b = binary.BigEndian.AppendUint16(b, uint16(scale))
	for g := range groups {
		group := uint16(0)
		for i := 4*g - lead; i < 4*g-lead+4; i++ {
			group *= 10
			if i >= 0 && i < len(digits) {
				group += uint16(digits[i])
			}
		}
		b = binary.BigEndian.AppendUint16(b, group)
	}
	return b, nil
}

// maxPlaces bounds the places of a number, as the server does.
const maxPlaces = 16_383

// readDecimal splits "-12.50" into the digits 1250, of which two stand before
// the point.
func readDecimal(text string) (digits []byte, point int, negative bool, err error) {
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		negative, rest = rest[0] == '-', rest[1:]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if len(whole)+len(fraction) == 0 || len(whole)+len(fraction) > maxPlaces {
		return nil, 0, false, errNoNumber
	}
	digits = make([]byte, 0, len(whole)+len(fraction))
	for _, part := range []string{whole, fraction} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return nil, 0, false, errNoNumber
			}
			digits = append(digits, part[i]-'0')
		}
	}
	return digits, len(whole), negative, nil
}

// textEncoder writes COPY's text format: a row per line, values between tabs.
type textEncoder struct{ columns []schema.Column }

func (textEncoder) options() string       { return "" }
func (textEncoder) begin(b []byte) []byte { return b }
func (textEncoder) end(b []byte) []byte   { return b }

func (e textEncoder) row(b []byte, row []any) ([]byte, error) {
	if len(row) != len(e.columns) {
		return b, fmt.Errorf("it has %d values for %d columns", len(row), len(e.columns))
	}
	for i, value := range row {
		if i > 0 {
			b = append(b, '\t')
		}
		if value == nil {
			b = append(b, `\N`...)
			continue
		}
		text, _, ok := format(value)
		if !ok {
			return b, fmt.Errorf("column %s: no type of the database holds a Go %T", e.columns[i].Name, value)
		}
		b = appendEscaped(b, text)
	}
	return append(b, '\n'), nil
}

func appendEscaped(b []byte, text string) []byte {
	for i := range len(text) {
		switch text[i] {
		case '\\':
			b = append(b, '\\', '\\')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, text[i])
		}
	}
	return b
}
