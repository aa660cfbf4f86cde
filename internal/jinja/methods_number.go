package jinja

import (
	"fmt"
	"math"
	"math/big"
)

// numberAttr gives an attribute or method of Python's int and float.
func numberAttr(v any, name string) (any, bool) {
	if _, isBool := v.(bool); isBool && name != "real" {
		return nil, false
	}
	f, isFloat := v.(float64)
	n, isInt := bigInteger(v)
	switch {
	case name == "real" && (isInt || isFloat):
		if b, ok := v.(bool); ok {
			v, _ = integer(b)
		}
		return v, true
	case name == "imag" && isInt, name == "numerator" && isInt, name == "denominator" && isInt:
		return map[string]any{"imag": int64(0), "numerator": v, "denominator": int64(1)}[name], true
	case name == "bit_length" && isInt:
		return constant(name, int64(n.BitLen())), true
	case name == "is_integer" && (isFloat || isInt):
		return constant(name, isInt || f == math.Trunc(f)), true
	case name == "as_integer_ratio" && isInt:
		return constant(name, &Tuple{[]any{v, int64(1)}}), true
	case name == "as_integer_ratio" && isFloat && !math.IsInf(f, 0) && !math.IsNaN(f):
		r := new(big.Rat).SetFloat64(f)
		return constant(name, &Tuple{[]any{fromBig(r.Num()), fromBig(r.Denom())}}), true
	}
	if d, ok := v.(Decimal); ok {
		return d.attr(name)
	}
	return nil, false
}

// constant is a method without arguments.
func constant(name string, v any) *function {
	return &function{name, func(*State, any, *arguments) (any, error) { return v, nil }}
}

// attr gives the methods of Decimal that templates use.
func (d Decimal) attr(name string) (any, bool) {
	switch name {
	case "real":
		return d, true
	case "normalize":
		return constant(name, d.normalized()), true
	case "is_nan", "is_infinite":
		return constant(name, false), true
	case "is_signed":
		return constant(name, d.Sign() < 0), true
	case "is_zero":
		return constant(name, d.Sign() == 0), true
	case "to_integral_value", "to_integral":
		return constant(name, d.round(0)), true
	case "quantize":
		return &function{name, func(_ *State, _ any, a *arguments) (any, error) {
			exp, ok := asDecimal(a.required(0, "exp"))
			if !ok {
				return nil, fmt.Errorf("quantize() takes a Decimal")
			}
			x, _, scale := aligned(d, exp)
			return Decimal{x, scale}.round(exp.scale), nil
		}}, true
	}
	return nil, false
}

// normalized is d without zeros at the end.
func (d Decimal) normalized() Decimal {
	ten, digit := big.NewInt(10), new(big.Int)
	for d.scale > 0 {
		q, m := new(big.Int).QuoRem(d.int(), ten, digit)
		if m.Sign() != 0 {
			break
		}
		d = Decimal{q, d.scale - 1}
	}
	return d
}
