package dbt

import (
	"fmt"
	"math"
	"time"

	"apotheca/internal/jinja"
)

// datetimeModule is the part of Python's datetime module that dbt lends.
type datetimeModule struct{}

func (datetimeModule) TypeName() string { return "dict" }

func (datetimeModule) GetAttr(name string) (any, bool) {
	switch name {
	case "datetime":
		return datetimeClass{}, true
	case "date":
		return dateClass{}, true
	case "time":
		return timeClass{}, true
	case "timedelta":
		return timedeltaClass{}, true
	}
	return nil, false
}

// datetime is a moment: the wall clock, kept in UTC, and where it hangs. Without
// a zone it is naive, as Python says.
type datetime struct {
	wall time.Time
	zone *zoneValue
}

// datetimeIn is an instant as the clocks of its location show it.
func datetimeIn(t time.Time) datetime {
	name, offset := t.Zone()
	zone := utcZone()
	if offset != 0 || name != "UTC" {
		zone = fixedZone(offset, "")
	}
	return datetime{inUTC(t), zone}
}

// inUTC keeps the wall clock.
func inUTC(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond()/1000*1000, time.UTC)
}

// instant is when it is; a naive datetime is meant where the program runs.
func (d datetime) instant() time.Time {
	if d.zone == nil {
		w := d.wall
		return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), time.Local)
	}
	return d.wall.Add(-time.Duration(d.zone.offset) * time.Second)
}

func (datetime) TypeName() string { return "datetime.datetime" }
func (d datetime) Str() string    { return d.iso(" ", "auto") }
func (d datetime) Hash() string {
	if d.zone == nil {
		return "datetime:" + d.wall.Format(time.RFC3339Nano)
	}
	return "moment:" + d.instant().UTC().Format(time.RFC3339Nano)
}

func (d datetime) Repr() string {
	zone := ""
	if d.zone != nil {
		zone = ", tzinfo=" + d.zone.Repr()
	}
	w := d.wall
	return fmt.Sprintf("datetime.datetime(%d, %d, %d, %s%s)", w.Year(), w.Month(), w.Day(), clockArguments(w), zone)
}

// clockArguments are the arguments that make a time of the day.
func clockArguments(t time.Time) string {
	s := fmt.Sprintf("%d, %d", t.Hour(), t.Minute())
	if t.Second() != 0 || t.Nanosecond() != 0 {
		s += fmt.Sprintf(", %d", t.Second())
	}
	if t.Nanosecond() != 0 {
		s += fmt.Sprintf(", %d", t.Nanosecond()/1000)
	}
	return s
}

func (d datetime) iso(sep, precision string) string {
	s := d.wall.Format("2006-01-02") + sep + isoClock(d.wall, precision)
	if d.zone != nil {
		s += offsetText(d.zone.offset, ":")
	}
	return s
}

func isoClock(t time.Time, precision string) string {
	layout := "15:04:05"
	switch precision {
	case "hours":
		layout = "15"
	case "minutes":
		layout = "15:04"
	case "milliseconds":
		layout += ".000"
	case "microseconds":
		layout += ".000000"
	case "auto":
		if t.Nanosecond() != 0 {
			layout += ".000000"
		}
	}
	return t.Format(layout)
}

func (d datetime) GetAttr(name string) (any, bool) {
	switch name {
	case "tzinfo":
		if d.zone == nil {
			return nil, true
		}
		return d.zone, true
	case "isoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return d.iso(jinja.Str(argument(a, kw, 0, "sep", "T")), jinja.Str(argument(a, kw, 1, "timespec", "auto"))), nil
		}), true
	case "date":
		return constantMacro(dateValue{day(d.wall)}), true
	case "time":
		return constantMacro(timeValue{d.wall, nil}), true
	case "timetz":
		return constantMacro(timeValue{d.wall, d.zone}), true
	case "timestamp":
		return constantMacro(float64(d.instant().UnixMicro()) / 1e6), true
	case "astimezone":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			zone, ok := argument(a, kw, 0, "tz", nil).(*zoneValue)
			if !ok {
				return nil, fmt.Errorf("tzinfo argument must be None or of a tzinfo subclass, not type '%s'", jinja.TypeName(argument(a, kw, 0, "tz", nil)))
			}
			return zone.at(d.instant()), nil
		}), true
	case "replace":
		return function(d.replace), true
	case "utctimetuple":
		return function(func([]any, *jinja.Dict) (any, error) { return timeTuple(d.instant().UTC()), nil }), true
	}
	if v, ok := d.zoned(name); ok {
		return v, true
	}
	if v, ok := clockAttr(d.wall, name); ok {
		return v, true
	}
	return dateAttr(d.wall, d.zone, name)
}

// zoned are the methods that ask the time zone.
func (d datetime) zoned(name string) (any, bool) {
	switch name {
	case "utcoffset", "dst", "tzname":
		if d.zone == nil {
			return constantMacro(nil), true
		}
		return map[string]any{
			"utcoffset": constantMacro(seconds(d.zone.offset)), "dst": constantMacro(seconds(d.zone.dst)), "tzname": constantMacro(orNone(d.zone.abbreviation)),
		}[name], true
	}
	return nil, false
}

func (d datetime) replace(a []any, kw *jinja.Dict) (any, error) {
	w := d.wall
	n := parts{a: a, kw: kw}
	year, month, day := n.int(0, "year", w.Year()), n.int(1, "month", int(w.Month())), n.int(2, "day", w.Day())
	hour, minute, second, micro := n.int(3, "hour", w.Hour()), n.int(4, "minute", w.Minute()), n.int(5, "second", w.Second()), n.int(6, "microsecond", w.Nanosecond()/1000)
	wall, err := n.moment(year, month, day, hour, minute, second, micro)
	out := datetime{wall, d.zone}
	if z := argument(a, kw, 7, "tzinfo", missing); z != missing {
		out.zone, _ = z.(*zoneValue)
	}
	return out, err
}

// Operate is what Python has for a datetime: other moments and timedeltas.
func (d datetime) Operate(op string, other any, reflected bool) (any, bool) {
	if x, ok := other.(datetime); ok && op == "-" && !reflected && (d.zone == nil) == (x.zone == nil) {
		if d.zone == nil {
			return between(x.wall, d.wall), true
		}
		return between(x.instant(), d.instant()), true
	}
	x, ok := shift(op, other, reflected)
	if !ok {
		return nil, false
	}
	moved := d.wall.AddDate(0, 0, int(x.days)).Add(time.Duration(x.micros) * time.Microsecond)
	return datetime{moved, d.zone}, moved.Year() >= 1 && moved.Year() <= 9999
}

// Compare orders what Python can order: a naive moment is not before another.
func (d datetime) Compare(other any) (int, bool) {
	x, ok := other.(datetime)
	if !ok || (d.zone == nil) != (x.zone == nil) {
		return 0, false
	}
	if d.zone == nil {
		return d.wall.Compare(x.wall), true
	}
	return d.instant().Compare(x.instant()), true
}

// datetimeClass is Python's class datetime.
type datetimeClass struct{}

func (datetimeClass) TypeName() string { return "type" }
func (datetimeClass) Str() string      { return "<class 'datetime.datetime'>" }

func (datetimeClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	n := parts{a: a, kw: kw}
	n.required("year", "month", "day")
	wall, err := n.moment(n.int(0, "year", 0), n.int(1, "month", 0), n.int(2, "day", 0), n.int(3, "hour", 0), n.int(4, "minute", 0),
		n.int(5, "second", 0), n.int(6, "microsecond", 0))
	zone, _ := argument(a, kw, 7, "tzinfo", nil).(*zoneValue)
	return datetime{wall, zone}, err
}

func (datetimeClass) GetAttr(name string) (any, bool) {
	var f func(a []any, kw *jinja.Dict) (any, error)
	switch name {
	case "min":
		return datetime{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), nil}, true
	case "max":
		return datetime{time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), nil}, true
	case "resolution":
		return timedelta{micros: 1}, true
	case "now":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return momentIn(time.Now(), argument(a, kw, 0, "tz", nil)), nil
		}
	case "today":
		f = func([]any, *jinja.Dict) (any, error) { return momentIn(time.Now(), nil), nil }
	case "utcnow":
		f = func([]any, *jinja.Dict) (any, error) { return datetime{inUTC(time.Now().UTC()), nil}, nil }
	case "fromtimestamp":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			t, err := fromTimestamp(argument(a, kw, 0, "timestamp", nil))
			return momentIn(t, argument(a, kw, 1, "tz", nil)), err
		}
	case "utcfromtimestamp":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			t, err := fromTimestamp(argument(a, kw, 0, "timestamp", nil))
			return datetime{inUTC(t.UTC()), nil}, err
		}
	case "strptime":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return strptime(jinja.Str(argument(a, kw, 0, "date_string", "")), jinja.Str(argument(a, kw, 1, "format", "")))
		}
	case "fromisoformat":
		f = func(a []any, kw *jinja.Dict) (any, error) {
			return isoMoment(jinja.Str(argument(a, kw, 0, "date_string", "")))
		}
	case "combine":
		f = combine
	case "fromordinal", "fromisocalendar":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			t, err := calendarDay(name, a, kw)
			return datetime{t, nil}, err
		}), true
	default:
		return unbound(datetime{}, name)
	}
	return function(f), true
}

// momentIn is an instant in a zone, or naive where the program runs.
func momentIn(t time.Time, zone any) datetime {
	if z, ok := zone.(*zoneValue); ok {
		return z.at(t)
	}
	return datetime{inUTC(t.Local()), nil}
}

func fromTimestamp(v any) (time.Time, error) {
	switch n := v.(type) {
	case int64:
		return time.Unix(n, 0), nil
	case float64:
		if math.Abs(n) < 1e12 {
			return time.UnixMicro(int64(math.RoundToEven(n * 1e6))), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no timestamp", jinja.Repr(v))
}

func combine(a []any, kw *jinja.Dict) (any, error) {
	d, isDate := argument(a, kw, 0, "date", nil).(dateValue)
	if m, ok := argument(a, kw, 0, "date", nil).(datetime); ok {
		d, isDate = dateValue{day(m.wall)}, true
	}
	t, isTime := argument(a, kw, 1, "time", nil).(timeValue)
	if !isDate || !isTime {
		return nil, fmt.Errorf("combine() takes a date and a time")
	}
	zone := t.zone
	if z := argument(a, kw, 2, "tzinfo", missing); z != missing {
		zone, _ = z.(*zoneValue)
	}
	return datetime{d.t.Add(t.sinceMidnight()), zone}, nil
}

// unbound is a method asked of a class: its first argument is the value.
func unbound(zero jinja.Object, name string) (any, bool) {
	if v, _ := zero.GetAttr(name); v == nil {
		return nil, false
	}
	return jinja.Func(func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		if len(a) == 0 || jinja.TypeName(a[0]) != jinja.TypeName(zero) {
			return nil, fmt.Errorf("unbound method %s() needs an argument", name)
		}
		method, _ := a[0].(jinja.Object).GetAttr(name)
		return st.Call(method, a[1:], kw)
	}), true
}

// parts reads the parts of a date or a time; the first problem is kept.
type parts struct {
	a   []any
	kw  *jinja.Dict
	err error
}

func (p *parts) required(names ...string) {
	for i, name := range names {
		if argument(p.a, p.kw, i, name, missing) == missing && p.err == nil {
			p.err = fmt.Errorf("function missing required argument '%s' (pos %d)", name, i+1)
		}
	}
}

func (p *parts) int(i int, name string, def int) int {
	switch v := argument(p.a, p.kw, i, name, int64(def)).(type) {
	case int64:
		return int(v)
	default:
		if p.err == nil {
			p.err = fmt.Errorf("'%s' object cannot be interpreted as an integer", jinja.TypeName(v))
		}
	}
	return def
}

// moment checks the parts as Python does.
func (p *parts) moment(year, month, dayOf, hour, minute, second, micro int) (time.Time, error) {
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	switch {
	case p.err != nil:
	case year < 1 || year > 9999:
		p.err = fmt.Errorf("year %d is out of range", year)
	case month < 1 || month > 12:
		p.err = fmt.Errorf("month must be in 1..12")
	case dayOf < 1 || dayOf > last:
		p.err = fmt.Errorf("day is out of range for month")
	case hour < 0 || hour > 23:
		p.err = fmt.Errorf("hour must be in 0..23")
	case minute < 0 || minute > 59:
		p.err = fmt.Errorf("minute must be in 0..59")
	case second < 0 || second > 59:
		p.err = fmt.Errorf("second must be in 0..59")
	case micro < 0 || micro > 999999:
		p.err = fmt.Errorf("microsecond must be in 0..999999")
	}
	return time.Date(year, time.Month(month), dayOf, hour, minute, second, micro*1000, time.UTC), p.err
}
