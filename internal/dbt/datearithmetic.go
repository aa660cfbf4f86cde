package dbt

import "time"

// What Python's dates, datetimes and timedeltas do under + - * // and < is done
// here; whatever else is written with them is an error that names both types.

func (d datetime) TypeName() string  { return "datetime.datetime" }
func (d dateValue) TypeName() string { return "datetime.date" }
func (d timedelta) TypeName() string { return "datetime.timedelta" }

func (d datetime) Operate(op string, other any, reflected bool) (any, bool) {
	if x, ok := other.(datetime); ok && op == "-" {
		return timedelta{d.t.Sub(x.t)}, !reflected
	}
	x, sign, ok := shift(op, other, reflected)
	d.t = d.t.Add(time.Duration(sign) * x.d)
	return d, ok
}

func (d dateValue) Operate(op string, other any, reflected bool) (any, bool) {
	if x, ok := other.(dateValue); ok && op == "-" {
		return timedelta{d.t.Sub(x.t)}, !reflected
	}
	x, sign, ok := shift(op, other, reflected)
	return dateValue{d.t.AddDate(0, 0, sign*int(x.days()))}, ok // hours are lost, not rounded
}

// shift is the timedelta that moves a date, forwards or, with -1, backwards.
func shift(op string, other any, reflected bool) (x timedelta, sign int, ok bool) {
	x, ok = other.(timedelta)
	switch {
	case ok && op == "+":
		return x, 1, true
	case ok && op == "-" && !reflected:
		return x, -1, true
	}
	return timedelta{}, 0, false
}

func (d timedelta) Operate(op string, other any, reflected bool) (any, bool) {
	switch x := other.(type) {
	case timedelta:
		switch op {
		case "+":
			return timedelta{d.d + x.d}, true
		case "-":
			return timedelta{d.d - x.d}, !reflected
		case "/":
			if x.d != 0 {
				return float64(d.d) / float64(x.d), !reflected
			}
		}
	case int64:
		switch op {
		case "*":
			return timedelta{d.d * time.Duration(x)}, true
		case "/", "//":
			if x != 0 {
				return timedelta{d.d / time.Duration(x)}, !reflected
			}
		}
	}
	return nil, false
}

// Compare orders what Python can order: a day is not before a moment.
func (d datetime) Compare(other any) (int, bool) {
	x, ok := other.(datetime)
	return d.t.Compare(x.t), ok
}

func (d dateValue) Compare(other any) (int, bool) {
	x, ok := other.(dateValue)
	return d.t.Compare(x.t), ok
}

func (d timedelta) Compare(other any) (int, bool) {
	x, ok := other.(timedelta)
	switch {
	case d.d < x.d:
		return -1, ok
	case d.d > x.d:
		return 1, ok
	}
	return 0, ok
}
