package jinja

import (
	"fmt"
	"math/big"
	"strings"
)

// Decimal is Python's decimal.Decimal: what query results hold for numeric
// columns. Large ones print without an exponent.
type Decimal struct {
	unscaled *big.Int
	scale    int // digits after the point; never negative
}

// decimalDigits is the precision of a quotient, as in Python's default context.
const decimalDigits = 28

// ParseDecimal reads digits with an optional sign, point and exponent.
func ParseDecimal(s string) (Decimal, error) {
	text := strings.TrimSpace(s)
	mantissa, exponent, hasExp := strings.Cut(strings.ToLower(text), "e")
	exp := 0
	if hasExp {
		if _, err := fmt.Sscanf(exponent, "%d", &exp); err != nil || exp > 1000 || exp < -1000 {
			return Decimal{}, fmt.Errorf("parse decimal %q: bad exponent", s)
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok || strings.Contains(text, "_") {
		return Decimal{}, fmt.Errorf("parse decimal %q: not a number", s)
	}
	return scaled(n, len(fraction)-exp), nil
}

func scaled(n *big.Int, scale int) Decimal {
	if scale < 0 {
		return Decimal{new(big.Int).Mul(n, powerOfTen(-scale)), 0}
	}
	return Decimal{n, scale}
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func (d Decimal) int() *big.Int {
	if d.unscaled == nil {
		return new(big.Int)
	}
	return d.unscaled
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.int().Sign() }

// String writes all digits after the point, zeros included; very small numbers
// get an exponent, as in Python.
func (d Decimal) String() string {
	digits := new(big.Int).Abs(d.int()).String()
	if exponent := len(digits) - 1 - d.scale; exponent < -6 {
		sign := strings.Repeat("-", max(0, -d.Sign()))
		if len(digits) > 1 {
			digits = digits[:1] + "." + digits[1:]
		}
		return fmt.Sprintf("%s%sE%d", sign, digits, exponent)
	}
	if len(digits) <= d.scale {
		digits = strings.Repeat("0", d.scale-len(digits)+1) + digits
	}
	if d.scale > 0 {
		digits = digits[:len(digits)-d.scale] + "." + digits[len(digits)-d.scale:]
	}
	if d.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// Str is str(d).
func (d Decimal) Str() string { return d.String() }

// Repr is repr(d), as inside of lists.
func (d Decimal) Repr() string { return "Decimal('" + d.String() + "')" }

func (d Decimal) rat() *big.Rat { return new(big.Rat).SetFrac(d.int(), powerOfTen(d.scale)) }

func (d Decimal) float() float64 {
	f, _ := d.rat().Float64()
	return f
}

// truncated is int(d).
func (d Decimal) truncated() any { return fromBig(new(big.Int).Quo(d.int(), powerOfTen(d.scale))) }

// simplest is the int64 or float64 that equals d, or else d's exact text: equal
// numbers must be the same key of a dict.
func (d Decimal) simplest() any {
	r := d.rat()
	if r.IsInt() && r.Num().IsInt64() {
		return r.Num().Int64()
	}
	if f, exact := r.Float64(); exact {
		return f
	}
	return tupleHash(r.String())
}

// aligned brings two decimals to the same scale.
func aligned(a, b Decimal) (x, y *big.Int, scale int) {
	scale = max(a.scale, b.scale)
	x = new(big.Int).Mul(a.int(), powerOfTen(scale-a.scale))
	y = new(big.Int).Mul(b.int(), powerOfTen(scale-b.scale))
	return x, y, scale
}

func decimalArithmetic(op string, a, b Decimal) (any, error) {
	x, y, scale := aligned(a, b)
	if y.Sign() == 0 && (op == "/" || op == "//" || op == "%") {
		return nil, fmt.Errorf("division by zero")
	}
	switch op {
	case "+":
		return Decimal{x.Add(x, y), scale}, nil
	case "-":
		return Decimal{x.Sub(x, y), scale}, nil
	case "*":
		return Decimal{new(big.Int).Mul(a.int(), b.int()), a.scale + b.scale}, nil
	case "//":
		return Decimal{x.Quo(x, y), 0}, nil
	case "%":
		return Decimal{x.Rem(x, y), scale}, nil
	case "/":
		// A quotient that is exact has as many digits as the operands suggest.
		q := quotient(x, y)
		if wanted := a.scale - b.scale; q.scale < wanted {
			q = Decimal{new(big.Int).Mul(q.int(), powerOfTen(wanted-q.scale)), wanted}
		}
		return q, nil
	case "**":
		if b.scale == 0 && b.int().IsInt64() && b.Sign() >= 0 && int64(a.int().BitLen())*b.int().Int64() <= maxBits && int64(a.scale)*b.int().Int64() <= maxBits {
			return Decimal{new(big.Int).Exp(a.int(), b.int(), nil), a.scale * int(b.int().Int64())}, nil
		}
		return nil, fmt.Errorf("a Decimal can be raised to a small whole number only")
	}
	return nil, fmt.Errorf("unsupported operand type(s) for %s: 'Decimal' and 'Decimal'", op)
}

// quotient divides to decimalDigits significant digits, half to even, and drops
// the zeros at the end.
func quotient(x, y *big.Int) Decimal {
	r := new(big.Rat).SetFrac(x, y)
	scale := decimalDigits
	for f := new(big.Rat).Abs(r); f.Cmp(big.NewRat(1, 1)) >= 0 && scale > 0; scale-- {
		f.Quo(f, big.NewRat(10, 1))
	}
	num := new(big.Int).Mul(r.Num(), powerOfTen(scale))
	n, rest := new(big.Int).QuoRem(num, r.Denom(), new(big.Int))
	twice := new(big.Int).Abs(rest)
	if c := twice.Lsh(twice, 1).Cmp(r.Denom()); c > 0 || (c == 0 && n.Bit(0) == 1) {
		n.Add(n, big.NewInt(int64(r.Sign())))
	}
	ten, digit := big.NewInt(10), new(big.Int)
	for scale > 0 {
		q, m := new(big.Int).QuoRem(n, ten, digit)
		if m.Sign() != 0 {
			break
		}
		n, scale = q, scale-1
	}
	return Decimal{n, scale}
}

// round is round(d, digits), half to even.
func (d Decimal) round(digits int) Decimal {
	if d.scale <= digits {
		return d
	}
	unit := powerOfTen(d.scale - digits)
	n, rest := new(big.Int).QuoRem(d.int(), unit, new(big.Int))
	twice := new(big.Int).Abs(rest)
	if c := twice.Lsh(twice, 1).Cmp(unit); c > 0 || (c == 0 && n.Bit(0) == 1) {
		n.Add(n, big.NewInt(int64(d.Sign())))
	}
	return scaled(n, digits)
}
