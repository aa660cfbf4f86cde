package jinja

import (
	"errors"
	"fmt"
	"math/big"
)

// An int of a template is an int64, or a *big.Int where 64 bits are too few.
// Each number has one of the two forms only, so that equal ints are equal keys.

// maxBits is how large an int may grow: a template that squares in a loop must
// end. Python prints no more than 4,300 digits, which is far below.
const maxBits = 1 << 16

var errTooLarge = fmt.Errorf("integer has more than %d bits", maxBits)

// fromBig is n in its one form.
func fromBig(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// bigInteger reads an int of any size, or a bool.
func bigInteger(v any) (*big.Int, bool) {
	if n, ok := v.(*big.Int); ok {
		return n, true
	}
	i, ok := integer(v)
	return big.NewInt(i), ok
}

func isBig(v any) bool {
	_, ok := v.(*big.Int)
	return ok
}

// parseInteger reads digits; underscores must be gone.
func parseInteger(digits string, base int) (any, bool) {
	if len(digits) > maxBits/3 {
		return nil, false
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, false
	}
	return fromBig(n), true
}

// bigFloat is float(n), which fails where float64 ends.
func bigFloat(n *big.Int) (float64, error) {
	f, _ := new(big.Float).SetInt(n).Float64()
	if f > maxFloat || f < -maxFloat {
		return 0, errors.New("int too large to convert to float")
	}
	return f, nil
}

const maxFloat = 0x1p1023 * (1 + (1 - 0x1p-52))

// bigBinary is `a op b` where at least one of the two is a *big.Int; ok is
// false when the other is no number.
func (s *State) bigBinary(op string, a, b any) (v any, ok bool, err error) {
	x, xInt := bigInteger(a)
	y, yInt := bigInteger(b)
	if xInt && yInt {
		if err = s.spend((x.BitLen() + y.BitLen()) / 64); err == nil {
			v, err = bigArithmetic(op, x, y)
		}
		return v, true, err
	}
	f, aFloat := a.(float64)
	g, bFloat := b.(float64)
	switch {
	case xInt && bFloat:
		if f, err = bigFloat(x); err != nil {
			return nil, true, err
		}
	case aFloat && yInt:
		if g, err = bigFloat(y); err != nil {
			return nil, true, err
		}
	default:
		return nil, false, nil
	}
	v, err = floatArithmetic(op, f, g)
	return v, true, err
}

func bigArithmetic(op string, a, b *big.Int) (any, error) {
	r := new(big.Int)
	switch op {
	case "+":
		r.Add(a, b)
	case "-":
		r.Sub(a, b)
	case "*":
		r.Mul(a, b)
	case "**":
		return bigPower(a, b)
	case "/":
		return bigQuotient(a, b)
	default: // // and %
		if b.Sign() == 0 {
			return nil, errors.New("integer division or modulo by zero")
		}
		rest := new(big.Int)
		r.QuoRem(a, b, rest)
		if rest.Sign() != 0 && rest.Sign() != b.Sign() {
			r.Sub(r, big.NewInt(1))
			rest.Add(rest, b)
		}
		if op == "%" {
			r = rest
		}
	}
	if r.BitLen() > maxBits {
		return nil, errTooLarge
	}
	return fromBig(r), nil
}

// bigQuotient is a / b, rounded once.
func bigQuotient(a, b *big.Int) (any, error) {
	if b.Sign() == 0 {
		return nil, errors.New("division by zero")
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	if f > maxFloat || f < -maxFloat {
		return nil, errors.New("integer division result too large for a float")
	}
	return f, nil
}

func bigPower(a, b *big.Int) (any, error) {
	if b.Sign() < 0 {
		x, err := bigFloat(a)
		if err != nil {
			return nil, err
		}
		y, err := bigFloat(b)
		if err != nil {
			return nil, err
		}
		return floatArithmetic("**", x, y)
	}
	if a.BitLen() < 2 && b.Sign() > 0 {
		if a.Sign() < 0 && b.Bit(0) == 0 {
			return int64(1), nil
		}
		return fromBig(a), nil
	}
	if !b.IsInt64() || b.Int64() > maxBits || int64(a.BitLen()-1)*b.Int64() > maxBits {
		return nil, errTooLarge
	}
	return fromBig(new(big.Int).Exp(a, b, nil)), nil
}

// compareBig compares exactly; what is no number is never equal.
func compareBig(n *big.Int, f float64) int {
	if f != f {
		return 1
	}
	return new(big.Float).SetInt(n).Cmp(big.NewFloat(f))
}
