package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

func toInt(_ *State, v any, a *arguments) (any, error) {
	def := a.optional(0, "default", int64(0))
	base := a.intOr(1, "base", 10)
	switch x := v.(type) {
	case Undefined:
		return nil, x.err()
	case string:
		return textToInt(x, base, def), nil
	case float64:
		if i, ok := floatToInt(x); ok {
			return i, nil
		}
		return def, nil
	case Decimal:
		return x.truncated(), nil
	case *big.Int:
		return x, nil
	}
	if i, ok := integer(v); ok {
		return i, nil
	}
	return def, nil
}

func textToInt(text string, base int, def any) any {
	t := strings.TrimSpace(text)
	digits := t
	if base != 10 && base >= 2 && base <= 36 {
		digits = strings.ToLower(strings.TrimLeft(t, "+-"))
		prefix := map[int]string{16: "0x", 8: "0o", 2: "0b"}[base]
		if prefix != "" {
			digits = strings.TrimPrefix(digits, prefix)
		}
		if strings.HasPrefix(t, "-") {
			digits = "-" + digits
		}
	}
	if base < 2 || base > 36 {
		base = 10
	}
	if n, ok := parseInteger(strings.ReplaceAll(digits, "_", ""), base); ok {
		return n
	}
	if f, ok := parseFloat(t); ok {
		if n, ok := floatToInt(f); ok {
			return n
		}
	}
	return def
}

// floatToInt cuts off the fraction; infinities and NaN are no ints.
func floatToInt(f float64) (any, bool) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, false
	}
	n, _ := big.NewFloat(f).Int(nil)
	return fromBig(n), true
}

// parseFloat reads what Python's float() does: no hexadecimal, any case of inf.
func parseFloat(text string) (float64, bool) {
	t := strings.TrimSpace(text)
	if strings.ContainsAny(t, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(t, "_", ""), 64)
	return f, err == nil || math.IsInf(f, 0)
}

func toFloat(_ *State, v any, a *arguments) (any, error) {
	def := a.optional(0, "default", 0.0)
	switch x := v.(type) {
	case Undefined:
		return nil, x.err()
	case string:
		if f, ok := parseFloat(x); ok {
			return f, nil
		}
		return def, nil
	case Decimal:
		return x.float(), nil
	case *big.Int:
		return bigFloat(x)
	}
	if _, f, _, ok := number(v); ok {
		return f, nil
	}
	return def, nil
}

func round(_ *State, v any, a *arguments) (any, error) {
	digits := max(-400, min(a.intOr(0, "precision", 0), 400))
	method := a.textOr(1, "method", "common")
	switch method {
	case "common", "ceil", "floor":
	default:
		return nil, fmt.Errorf("method must be common, ceil or floor")
	}
	if d, ok := v.(Decimal); ok && method == "common" {
		return d.round(max(0, digits)), nil
	}
	_, f, isInt, ok := number(v)
	if n, big := v.(*big.Int); big {
		if method == "common" && digits >= 0 {
			return n, nil
		}
		var err error
		if f, err = bigFloat(n); err != nil {
			return nil, err
		}
		ok = true
	}
	if d, isDecimal := v.(Decimal); isDecimal {
		f, ok = d.float(), true
	}
	if u, undefined := v.(Undefined); undefined {
		return nil, u.err()
	}
	if !ok {
		return nil, fmt.Errorf("type %s doesn't define __round__ method", TypeName(v))
	}
	m := math.Pow(10, float64(digits))
	switch {
	case method == "ceil":
		return (math.Ceil(f*m) + 0) / m, nil // Python's ceil is an integer: it has no -0
	case method == "floor":
		return (math.Floor(f*m) + 0) / m, nil
	case isInt && digits >= 0:
		i, _ := integer(v)
		return i, nil
	case isInt:
		return int64(math.RoundToEven(f*m) / m), nil
	case digits >= 0:
		r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', digits, 64), 64)
		return r, err
	}
	return math.RoundToEven(f*m) / m, nil
}
