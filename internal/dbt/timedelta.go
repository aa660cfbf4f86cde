package dbt

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"apotheca/internal/jinja"
)

// timedelta is a length of time of Python's: days, which may be negative, and
// microseconds of a day, which are not.
type timedelta struct{ days, micros int64 }

const (
	microsOfDay  = 86_400_000_000
	maxDeltaDays = 999_999_999
)

// seconds is a length in whole seconds.
func seconds(n int) timedelta { return delta(big.NewInt(int64(n) * 1_000_000)) }

// between is the time from a to b. A Duration would end after 292 years.
func between(a, b time.Time) timedelta {
	return delta(new(big.Int).Add(new(big.Int).Mul(big.NewInt(b.Unix()-a.Unix()), big.NewInt(1_000_000)),
		big.NewInt(int64(b.Nanosecond()-a.Nanosecond())/1000)))
}

// delta is a length in microseconds.
func delta(total *big.Int) timedelta {
	days, micros := new(big.Int).DivMod(total, big.NewInt(microsOfDay), new(big.Int))
	return timedelta{days.Int64(), micros.Int64()}
}

func (d timedelta) total() *big.Int {
	t := new(big.Int).Mul(big.NewInt(d.days), big.NewInt(microsOfDay))
	return t.Add(t, big.NewInt(d.micros))
}

// timedeltaClass is Python's class timedelta.
type timedeltaClass struct{}

func (timedeltaClass) TypeName() string { return "type" }
func (timedeltaClass) Str() string      { return "<class 'datetime.timedelta'>" }

func (timedeltaClass) GetAttr(name string) (any, bool) {
	switch name {
	case "min":
		return timedelta{days: -maxDeltaDays}, true
	case "max":
		return timedelta{days: maxDeltaDays, micros: microsOfDay - 1}, true
	case "resolution":
		return timedelta{micros: 1}, true
	}
	return unbound(timedelta{}, name)
}

func (timedeltaClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	sum := new(big.Rat)
	for i, u := range []struct {
		name   string
		micros int64
	}{{"days", microsOfDay}, {"seconds", 1_000_000}, {"microseconds", 1}, {"milliseconds", 1000},
		{"minutes", 60_000_000}, {"hours", 3_600_000_000}, {"weeks", 7 * microsOfDay}} {
		n, ok := rational(argument(a, kw, i, u.name, int64(0)))
		if !ok {
			return nil, fmt.Errorf("unsupported type for timedelta %s component: %s", u.name, jinja.TypeName(argument(a, kw, i, u.name, nil)))
		}
		sum.Add(sum, n.Mul(n, big.NewRat(u.micros, 1)))
	}
	return checkedDelta(roundEven(sum))
}

func rational(v any) (*big.Rat, bool) {
	switch n := v.(type) {
	case int64:
		return big.NewRat(n, 1), true
	case float64:
		if !math.IsInf(n, 0) && !math.IsNaN(n) {
			return new(big.Rat).SetFloat64(n), true
		}
	}
	return nil, false
}

// roundEven is the nearest whole number, of two the even one.
func roundEven(r *big.Rat) *big.Int {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	n, rest := new(big.Int).DivMod(twice.Add(twice, r.Denom()), new(big.Int).Mul(r.Denom(), big.NewInt(2)), new(big.Int))
	if rest.Sign() == 0 && n.Bit(0) == 1 {
		n.Sub(n, big.NewInt(1))
	}
	return n
}

func checkedDelta(total *big.Int) (timedelta, error) {
	days := new(big.Int).Div(total, big.NewInt(microsOfDay))
	if days.CmpAbs(big.NewInt(maxDeltaDays)) > 0 {
		return timedelta{}, fmt.Errorf("days=%s; must have magnitude <= %d", days, maxDeltaDays)
	}
	return delta(total), nil
}

func (timedelta) TypeName() string { return "datetime.timedelta" }
func (d timedelta) Hash() string   { return fmt.Sprintf("timedelta:%d:%d", d.days, d.micros) }
func (d timedelta) Truth() bool    { return d != timedelta{} }

func (d timedelta) Str() string {
	s := d.micros / 1_000_000
	clock := fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	if rest := d.micros % 1_000_000; rest != 0 {
		clock += fmt.Sprintf(".%06d", rest)
	}
	switch d.days {
	case 0:
		return clock
	case 1, -1:
		return fmt.Sprintf("%d day, %s", d.days, clock)
	}
	return fmt.Sprintf("%d days, %s", d.days, clock)
}

func (d timedelta) Repr() string {
	text := ""
	for _, part := range []struct {
		name string
		n    int64
	}{{"days", d.days}, {"seconds", d.micros / 1_000_000}, {"microseconds", d.micros % 1_000_000}} {
		if part.n != 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s=%d", part.name, part.n)
		}
	}
	if text == "" {
		text = "0"
	}
	return "datetime.timedelta(" + text + ")"
}

func (d timedelta) GetAttr(name string) (any, bool) {
	switch name {
	case "days":
		return d.days, true
	case "seconds":
		return d.micros / 1_000_000, true
	case "microseconds":
		return d.micros % 1_000_000, true
	case "total_seconds":
		f, _ := new(big.Rat).SetFrac(d.total(), big.NewInt(1_000_000)).Float64()
		return constantMacro(f), true
	}
	return nil, false
}

// shift is the timedelta that moves a date, negative when it is subtracted.
func shift(op string, other any, reflected bool) (timedelta, bool) {
	x, ok := other.(timedelta)
	switch {
	case ok && op == "+":
		return x, true
	case ok && op == "-" && !reflected:
		return delta(new(big.Int).Neg(x.total())), true
	}
	return timedelta{}, false
}

// Operate is what Python has for a timedelta; what would be out of its range is
// an operation that does not exist.
func (d timedelta) Operate(op string, other any, reflected bool) (any, bool) {
	switch op {
	case "pos":
		return d, true
	case "neg":
		return delta(new(big.Int).Neg(d.total())), true
	case "abs":
		return delta(new(big.Int).Abs(d.total())), true
	}
	if x, ok := other.(timedelta); ok && !reflected {
		return d.withDelta(op, x)
	}
	n, ok := rational(other)
	if !ok || reflected && op != "*" {
		return nil, false
	}
	total := new(big.Rat).SetInt(d.total())
	switch {
	case op == "*":
		total.Mul(total, n)
	case n.Sign() == 0:
		return nil, false
	case op == "/":
		total.Quo(total, n)
	case op == "//" && n.IsInt():
		return delta(floorQuotient(d.total(), n.Num())), true
	default:
		return nil, false
	}
	v, err := checkedDelta(roundEven(total))
	return v, err == nil
}

func (d timedelta) withDelta(op string, x timedelta) (any, bool) {
	a, b := d.total(), x.total()
	switch {
	case op == "+":
		return delta(a.Add(a, b)), true
	case op == "-":
		return delta(a.Sub(a, b)), true
	case b.Sign() == 0:
		return nil, false
	case op == "/":
		f, _ := new(big.Rat).SetFrac(a, b).Float64()
		return f, true
	case op == "//":
		return floorQuotient(a, b).Int64(), true
	case op == "%":
		return delta(new(big.Int).Sub(a, new(big.Int).Mul(b, floorQuotient(a, b)))), true
	}
	return nil, false
}

func floorQuotient(a, b *big.Int) *big.Int {
	q, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Sign() != 0 && rest.Sign() != b.Sign() {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

// Compare orders lengths.
func (d timedelta) Compare(other any) (int, bool) {
	x, ok := other.(timedelta)
	return d.total().Cmp(x.total()), ok
}
