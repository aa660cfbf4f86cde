package postgres

import (
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"apotheca/internal/warehouse"
)

// FuzzEncodeNumeric: what is no number is refused, and every number is, digit
// by digit, what another implementation reads from the bytes.
func FuzzEncodeNumeric(f *testing.F) {
	for _, text := range []string{
		"0", "-0.00", "1", "-12.50", "10000", "9999.9999", "0.0001", "0.00001", "100000000", "00012.3400", ".5", "5.", "+7",
		"-1234567890123456789012345678.0123456789", "0.00000000000000000000000000000000000001",
		"", ".", "-", "1e5", "NaN", "1.2.3", "١",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, number := new(big.Rat).SetString(text)
		number = number && strings.Trim(text, "+-0123456789.") == ""
		encoded, err := encodeNumeric(nil, warehouse.Decimal(text))
		if (err == nil) != number && len(text) < maxPlaces {
			t.Fatalf("encode %q = %v, but a number: %v", text, err, number)
		}
		if err != nil {
			return
		}
		if length := binary.BigEndian.Uint32(encoded); int(length) != len(encoded)-4 {
			t.Fatalf("encode %q: length %d of %d bytes", text, length, len(encoded)-4)
		}
		if _, fraction, _ := strings.Cut(text, "."); int(binary.BigEndian.Uint16(encoded[10:])) != len(fraction) {
			t.Errorf("encode %q: scale %d", text, binary.BigEndian.Uint16(encoded[10:]))
		}
		var read pgtype.Numeric
		if err := pgtype.NewMap().Scan(pgtype.NumericOID, pgtype.BinaryFormatCode, encoded[4:], &read); err != nil {
			t.Fatal(err)
		}
		power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(read.Exp, -read.Exp))), nil))
		got := new(big.Rat).SetInt(read.Int)
		if read.Exp < 0 {
			got.Quo(got, power)
		} else {
			got.Mul(got, power)
		}
		if got.Cmp(want) != 0 {
			t.Errorf("encode %q is read as %s", text, got)
		}
	})
}
