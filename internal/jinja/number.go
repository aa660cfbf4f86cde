package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strings"
)

// number reads ints of 64 bits, floats and bools; Decimals (asDecimal) and
// larger ints (bigInteger) stay apart.
func number(v any) (i int64, f float64, isInt, ok bool) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, 1, true, true
		}
		return 0, 0, true, true
	case int64:
		return x, float64(x), true, true
	case float64:
		return 0, x, false, true
	case interface{ Integer() int64 }:
		i = x.Integer() // a host's int that has a name
		return i, float64(i), true, true
	}
	return 0, 0, false, false
}

// integer reads an int of 64 bits or a bool.
func integer(v any) (int64, bool) {
	i, _, isInt, _ := number(v)
	return i, isInt
}

func asDecimal(v any) (Decimal, bool) {
	if d, ok := v.(Decimal); ok {
		return d, true
	}
	if n, ok := bigInteger(v); ok {
		return Decimal{n, 0}, true
	}
	return Decimal{}, false
}

// Binary is `a op b` in a template, for + - * / // % **.
func (s *State) Binary(op string, a, b any) (any, error) { return s.binary(op, a, b) }

// binary is `a op b` for + - * / // % **.
func (s *State) binary(op string, a, b any) (any, error) {
	for _, v := range [2]any{a, b} {
		if u, ok := v.(Undefined); ok {
			return nil, u.err()
		}
	}
	ai, af, aInt, aOK := number(a)
	bi, bf, bInt, bOK := number(b)
	switch {
	case aInt && bInt:
		return intArithmetic(op, ai, bi)
	case aOK && bOK:
		return floatArithmetic(op, af, bf)
	}
	if isBig(a) || isBig(b) {
		if v, ok, err := s.bigBinary(op, a, b); ok {
			return v, err
		}
	}
	if x, ok := asDecimal(a); ok {
		if y, ok := asDecimal(b); ok {
			return decimalArithmetic(op, x, y)
		}
	}
	if v, ok, err := s.sequenceArithmetic(op, a, b); ok {
		return v, err
	}
	if x, ok := a.(Operand); ok {
		if v, ok := x.Operate(op, b, false); ok {
			return v, nil
		}
	}
	if y, ok := b.(Operand); ok {
		if v, ok := y.Operate(op, a, true); ok {
			return v, nil
		}
	}
	switch a.(type) {
	case string, *List, *Tuple:
		if op == "+" {
			return nil, fmt.Errorf("can only concatenate %s (not %q) to %s", TypeName(a), TypeName(b), TypeName(a))
		}
	}
	return nil, fmt.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func intArithmetic(op string, a, b int64) (any, error) {
	var r int64
	ok := true
	switch op {
	case "+":
		r = a + b
		ok = (r > a) == (b > 0)
	case "-":
		r = a - b
		ok = (r < a) == (b > 0)
	case "*":
		r, ok = multiply(a, b)
	case "/":
		if b == 0 {
			return nil, errors.New("division by zero")
		}
		return float64(a) / float64(b), nil
	case "//", "%":
		if b == 0 {
			return nil, errors.New("integer division or modulo by zero")
		}
		if b == -1 {
			if op == "%" {
				return int64(0), nil
			}
			return intArithmetic("-", 0, a)
		}
		r = floorDivide(a, b)
		if op == "%" {
			r = a - b*r
		}
	case "**":
		return power(a, b)
	}
	if !ok {
		return bigArithmetic(op, big.NewInt(a), big.NewInt(b))
	}
	return r, nil
}

func multiply(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	negative := (a < 0) != (b < 0)
	if hi != 0 || lo > 1<<63 || (lo == 1<<63 && !negative) {
		return 0, false
	}
	return a * b, true
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func power(a, b int64) (any, error) {
	if b < 0 {
		return floatArithmetic("**", float64(a), float64(b))
	}
	r := int64(1)
	for n := b; n > 0; n-- {
		if a == 0 || a == 1 {
			return a, nil
		}
		if a == -1 {
			return 1 - 2*(n%2), nil
		}
		var ok bool
		if r, ok = multiply(r, a); !ok {
			return bigPower(big.NewInt(a), big.NewInt(b))
		}
	}
	return r, nil
}

func floatArithmetic(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		if a == 0 && b < 0 {
			return nil, errors.New("0.0 cannot be raised to a negative power")
		}
		if a < 0 && b != math.Trunc(b) {
			return nil, errors.New("complex numbers are not supported")
		}
		return math.Pow(a, b), nil
	}
	if b == 0 {
		if op == "/" {
			return nil, errors.New("float division by zero")
		}
		return nil, errors.New("float floor division by zero")
	}
	switch op {
	case "/":
		return a / b, nil
	}
	quotient, rest := floatDivMod(a, b)
	if op == "//" {
		return quotient, nil
	}
	return rest, nil
}

// floatDivMod is Python's divmod, whose quotient follows from the exact
// remainder: 1.0 // 0.1 is 9.0.
func floatDivMod(a, b float64) (quotient, rest float64) {
	rest = math.Mod(a, b)
	quotient = (a - rest) / b
	switch {
	case rest == 0:
		rest = math.Copysign(0, b)
	case (rest < 0) != (b < 0):
		rest += b
		quotient--
	}
	if quotient == 0 {
		return math.Copysign(0, a/b), rest
	}
	whole := math.Floor(quotient)
	if quotient-whole > 0.5 {
		whole++
	}
	return whole, rest
}

// sequenceArithmetic joins and repeats texts and lists; ok is false when the
// operands have no such operation.
func (s *State) sequenceArithmetic(op string, a, b any) (v any, ok bool, err error) {
	if op == "*" {
		if n, isInt := integer(a); isInt {
			return s.repeat(b, n)
		}
		if n, isInt := integer(b); isInt {
			return s.repeat(a, n)
		}
	}
	switch x := a.(type) {
	case string:
		if op == "%" {
			v, err = s.percentFormat(x, b)
			return v, true, err
		}
		if y, isText := b.(string); isText && op == "+" {
			return x + y, true, s.fits(len(x) + len(y))
		}
	case *List:
		if y, isList := b.(*List); isList && op == "+" {
			v, err = s.joined(x.V, y.V)
			return &List{v.([]any)}, true, err
		}
	case *Tuple:
		if y, isTuple := b.(*Tuple); isTuple && op == "+" {
			v, err = s.joined(x.V, y.V)
			return &Tuple{v.([]any)}, true, err
		}
	}
	return nil, false, nil
}

func (s *State) joined(a, b []any) (any, error) {
	out := make([]any, 0, len(a)+len(b))
	return append(append(out, a...), b...), s.spend(len(a) + len(b))
}

func (s *State) repeat(v any, n int64) (any, bool, error) {
	n = max(n, 0)
	switch x := v.(type) {
	case string:
		if err := s.fitsTimes(len(x), n); err != nil {
			return nil, true, err
		}
		return strings.Repeat(x, int(n)), true, nil
	case *List:
		out, err := s.repeated(x.V, n)
		return &List{out}, true, err
	case *Tuple:
		out, err := s.repeated(x.V, n)
		return &Tuple{out}, true, err
	}
	return nil, false, nil
}

func (s *State) repeated(v []any, n int64) ([]any, error) {
	if err := s.fitsTimes(len(v), n); err != nil {
		return nil, err
	}
	out := make([]any, 0, len(v)*int(n))
	for range n {
		out = append(out, v...)
	}
	return out, s.spend(len(out))
}

// fitsTimes is fits(size*n) without the multiplication running over.
func (s *State) fitsTimes(size int, n int64) error {
	if size > 0 && n > int64(orDefault(s.Limits.Output, defaultOutput)/size) {
		return s.fits(orDefault(s.Limits.Output, defaultOutput) + 1)
	}
	return s.fits(size * int(n))
}
