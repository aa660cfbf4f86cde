package dbt

import (
	"fmt"
	"strings"
	"time"

	"apotheca/internal/jinja"
)

// datetimeModule is Python's datetime module.
type datetimeModule struct{}

func (datetimeModule) GetAttr(name string) (any, bool) {
	switch name {
	case "datetime":
		return datetimeClass{}, true
	case "date":
		return dateClass{}, true
	case "timedelta":
		return function(newTimedelta), true
	case "timezone":
		return pytzModule{}, true
	}
	return nil, false
}

// pytzModule knows time zones by name.
type pytzModule struct{}

func (pytzModule) GetAttr(name string) (any, bool) {
	switch name {
	case "utc", "UTC":
		return zoneValue{time.UTC}, true
	case "timezone":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			zone, err := time.LoadLocation(jinja.Str(argument(a, kw, 0, "zone", "UTC")))
			if err != nil {
				return nil, fmt.Errorf("unknown time zone: %w", err)
			}
			return zoneValue{zone}, nil
		}), true
	}
	return nil, false
}

type zoneValue struct{ *time.Location }

func (z zoneValue) Str() string { return z.String() }
func (z zoneValue) GetAttr(name string) (any, bool) {
	if name != "localize" {
		return nil, false
	}
	return function(func(a []any, kw *jinja.Dict) (any, error) {
		d, ok := argument(a, kw, 0, "dt", nil).(datetime)
		if !ok {
			return nil, fmt.Errorf("localize() takes a datetime")
		}
		return datetime{inZone(d.t, z.Location), true}, nil
	}), true
}

// inZone keeps the wall clock and changes the zone.
func inZone(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

type datetimeClass struct{}

func (datetimeClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	n := func(i int, name string, def int64) int {
		v, _ := argument(a, kw, i, name, def).(int64)
		return int(v)
	}
	return datetime{time.Date(n(0, "year", 1), time.Month(n(1, "month", 1)), n(2, "day", 1), n(3, "hour", 0), n(4, "minute", 0),
		n(5, "second", 0), n(6, "microsecond", 0)*1000, time.UTC), false}, nil
}

func (datetimeClass) GetAttr(name string) (any, bool) {
	switch name {
	case "now", "today", "utcnow":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			if z, ok := argument(a, kw, 0, "tz", nil).(zoneValue); ok {
				return datetime{time.Now().In(z.Location), true}, nil
			}
			return datetime{time.Now().UTC(), false}, nil
		}), true
	case "strptime":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			s, format := jinja.Str(argument(a, kw, 0, "date_string", "")), jinja.Str(argument(a, kw, 1, "format", ""))
			layout, err := goLayout(format)
			if err != nil {
				return nil, err
			}
			t, err := time.Parse(layout, s)
			if err != nil {
				return nil, fmt.Errorf("time data '%s' does not match format '%s'", s, format)
			}
			return datetime{t, strings.Contains(format, "%z")}, nil
		}), true
	case "fromisoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			s := jinja.Str(argument(a, kw, 0, "date_string", ""))
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
				if t, err := time.Parse(layout, s); err == nil {
					return datetime{t, strings.Contains(layout, "Z07")}, nil
				}
			}
			return nil, fmt.Errorf("invalid isoformat string: '%s'", s)
		}), true
	}
	return nil, false
}

type dateClass struct{}

func (dateClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	v, err := datetimeClass{}.Call(nil, a, kw)
	if err != nil {
		return nil, err
	}
	return dateValue{v.(datetime).t}, nil
}

func (dateClass) GetAttr(name string) (any, bool) {
	f, ok := datetimeClass{}.GetAttr(name)
	if !ok {
		return nil, false
	}
	return jinja.Func(func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		v, err := f.(jinja.Func)(st, a, kw)
		if d, ok := v.(datetime); ok {
			return dateValue{d.t}, err
		}
		return v, err
	}), true
}

// datetime is a moment; aware says that its zone is known.
type datetime struct {
	t     time.Time
	aware bool
}

func (d datetime) Str() string  { return d.iso(" ") }
func (d datetime) Hash() string { return "datetime:" + d.t.UTC().Format(time.RFC3339Nano) }

func (d datetime) iso(sep string) string {
	layout := "2006-01-02" + sep + "15:04:05"
	if d.t.Nanosecond()/1000 != 0 {
		layout += ".000000"
	}
	if d.aware {
		layout += "-07:00"
	}
	return d.t.Format(layout)
}

func (d datetime) GetAttr(name string) (any, bool) {
	switch name {
	case "hour":
		return int64(d.t.Hour()), true
	case "minute":
		return int64(d.t.Minute()), true
	case "second":
		return int64(d.t.Second()), true
	case "microsecond":
		return int64(d.t.Nanosecond() / 1000), true
	case "tzinfo":
		if d.aware {
			return zoneValue{d.t.Location()}, true
		}
		return nil, true
	case "isoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return d.iso(jinja.Str(argument(a, kw, 0, "sep", "T"))), nil
		}), true
	case "date":
		return function(func([]any, *jinja.Dict) (any, error) { return dateValue{d.t}, nil }), true
	case "timestamp":
		return function(func([]any, *jinja.Dict) (any, error) { return float64(d.t.UnixMicro()) / 1e6, nil }), true
	case "astimezone":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			if z, ok := argument(a, kw, 0, "tz", nil).(zoneValue); ok {
				return datetime{d.t.In(z.Location), true}, nil
			}
			return nil, fmt.Errorf("astimezone() takes a time zone")
		}), true
	case "replace":
		return function(func(_ []any, kw *jinja.Dict) (any, error) {
			out := datetime{replaced(d.t, kw), d.aware}
			if z, ok := kw.Get("tzinfo"); ok {
				zone, isZone := z.(zoneValue)
				out.aware = isZone
				if isZone {
					out.t = inZone(out.t, zone.Location)
				}
			}
			return out, nil
		}), true
	}
	return dateAttr(d.t, name)
}

// dateValue is a day.
type dateValue struct{ t time.Time }

func (d dateValue) Str() string  { return d.t.Format("2006-01-02") }
func (d dateValue) Hash() string { return "date:" + d.Str() }
func (d dateValue) GetAttr(name string) (any, bool) {
	switch name {
	case "isoformat":
		return constantMacro(d.Str()), true
	case "replace":
		return function(func(_ []any, kw *jinja.Dict) (any, error) { return dateValue{replaced(d.t, kw)}, nil }), true
	}
	return dateAttr(d.t, name)
}

func dateAttr(t time.Time, name string) (any, bool) {
	switch name {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	case "weekday":
		return constantMacro(int64((t.Weekday() + 6) % 7)), true
	case "isoweekday":
		return constantMacro(int64((t.Weekday()+6)%7 + 1)), true
	case "toordinal":
		return constantMacro(t.Unix()/86400 + 719163), true
	case "strftime":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return strftime(t, jinja.Str(argument(a, kw, 0, "format", "")))
		}), true
	}
	return nil, false
}

func replaced(t time.Time, kw *jinja.Dict) time.Time {
	n := func(name string, have int) int {
		if v, ok := kw.Get(name); ok {
			if i, ok := v.(int64); ok {
				return int(i)
			}
		}
		return have
	}
	return time.Date(n("year", t.Year()), time.Month(n("month", int(t.Month()))), n("day", t.Day()), n("hour", t.Hour()),
		n("minute", t.Minute()), n("second", t.Second()), n("microsecond", t.Nanosecond()/1000)*1000, t.Location())
}

// directives are strftime's, as Go's layouts.
var directives = map[byte]string{
	'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'b': "Jan", 'B': "January",
	'a': "Mon", 'A': "Monday", 'p': "PM", 'I': "03", 'Z': "MST", 'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05",
	'D': "01/02/06", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'e': "_2", 'R': "15:04",
}

func strftime(t time.Time, format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case '%':
			b.WriteByte('%')
		case 'f':
			fmt.Fprintf(&b, "%06d", t.Nanosecond()/1000)
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 's':
			fmt.Fprintf(&b, "%d", t.Unix())
		case 'w':
			fmt.Fprintf(&b, "%d", t.Weekday())
		case 'u':
			fmt.Fprintf(&b, "%d", (t.Weekday()+6)%7+1)
		case 'V':
			_, week := t.ISOWeek()
			fmt.Fprintf(&b, "%02d", week)
		case 'G':
			year, _ := t.ISOWeek()
			fmt.Fprintf(&b, "%04d", year)
		default:
			layout, ok := directives[c]
			if !ok {
				return "", fmt.Errorf("strftime: %%%c is not supported", c)
			}
			b.WriteString(t.Format(layout))
		}
	}
	return b.String(), nil
}

func goLayout(format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		switch layout, ok := directives[format[i]]; {
		case ok:
			b.WriteString(layout)
		case format[i] == 'f':
			b.WriteString("999999")
		case format[i] == '%':
			b.WriteByte('%')
		default:
			return "", fmt.Errorf("strptime: %%%c is not supported", format[i])
		}
	}
	return b.String(), nil
}

// timedelta is a length of time.
type timedelta struct{ d time.Duration }

func newTimedelta(a []any, kw *jinja.Dict) (any, error) {
	var sum float64
	units := []struct {
		name string
		unit time.Duration
	}{{"days", 24 * time.Hour}, {"seconds", time.Second}, {"microseconds", time.Microsecond}, {"milliseconds", time.Millisecond},
		{"minutes", time.Minute}, {"hours", time.Hour}, {"weeks", 7 * 24 * time.Hour}}
	for i, u := range units {
		switch n := argument(a, kw, i, u.name, int64(0)).(type) {
		case int64:
			sum += float64(n) * float64(u.unit)
		case float64:
			sum += n * float64(u.unit)
		default:
			return nil, fmt.Errorf("timedelta() takes numbers")
		}
	}
	return timedelta{time.Duration(sum)}, nil
}

func (d timedelta) days() int64 {
	days := d.d / (24 * time.Hour)
	if d.d < 0 && d.d%(24*time.Hour) != 0 {
		days--
	}
	return int64(days)
}

func (d timedelta) Str() string {
	rest := d.d - time.Duration(d.days())*24*time.Hour
	clock := fmt.Sprintf("%d:%02d:%02d", int(rest.Hours()), int(rest.Minutes())%60, int(rest.Seconds())%60)
	switch days := d.days(); days {
	case 0:
		return clock
	case 1, -1:
		return fmt.Sprintf("%d day, %s", days, clock)
	default:
		return fmt.Sprintf("%d days, %s", days, clock)
	}
}

func (d timedelta) GetAttr(name string) (any, bool) {
	switch name {
	case "days":
		return d.days(), true
	case "seconds":
		return int64((d.d - time.Duration(d.days())*24*time.Hour) / time.Second), true
	case "total_seconds":
		return constantMacro(d.d.Seconds()), true
	}
	return nil, false
}
