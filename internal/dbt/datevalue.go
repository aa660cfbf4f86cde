package dbt

import (
	"fmt"
	"time"

	"apotheca/internal/jinja"
)

// dateValue is a day of Python's, at midnight UTC.
type dateValue struct{ t time.Time }

func day(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }

func (dateValue) TypeName() string { return "datetime.date" }
func (d dateValue) Str() string    { return d.t.Format("2006-01-02") }
func (d dateValue) Hash() string   { return "date:" + d.Str() }
func (d dateValue) Repr() string {
	return fmt.Sprintf("datetime.date(%d, %d, %d)", d.t.Year(), d.t.Month(), d.t.Day())
}

func (d dateValue) GetAttr(name string) (any, bool) {
	switch name {
	case "isoformat":
		return constantMacro(d.Str()), true
	case "replace":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			n := parts{a: a, kw: kw}
			year, month, dayOf := n.int(0, "year", d.t.Year()), n.int(1, "month", int(d.t.Month())), n.int(2, "day", d.t.Day())
			t, err := n.moment(year, month, dayOf, 0, 0, 0, 0)
			return dateValue{t}, err
		}), true
	}
	return dateAttr(d.t, nil, name)
}

// Operate is date - date and date ± timedelta, whose hours are lost.
func (d dateValue) Operate(op string, other any, reflected bool) (any, bool) {
	if x, ok := other.(dateValue); ok && op == "-" && !reflected {
		return between(x.t, d.t), true
	}
	x, ok := shift(op, other, reflected)
	if !ok {
		return nil, false
	}
	moved := d.t.AddDate(0, 0, int(x.days))
	return dateValue{moved}, moved.Year() >= 1 && moved.Year() <= 9999
}

// Compare orders days; a day is not before a moment.
func (d dateValue) Compare(other any) (int, bool) {
	x, ok := other.(dateValue)
	return d.t.Compare(x.t), ok
}

// dateClass is Python's class date.
type dateClass struct{}

func (dateClass) TypeName() string { return "type" }
func (dateClass) Str() string      { return "<class 'datetime.date'>" }

func (dateClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	n := parts{a: a, kw: kw}
	n.required("year", "month", "day")
	t, err := n.moment(n.int(0, "year", 0), n.int(1, "month", 0), n.int(2, "day", 0), 0, 0, 0, 0)
	return dateValue{t}, err
}

func (dateClass) GetAttr(name string) (any, bool) {
	switch name {
	case "min":
		return dateValue{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)}, true
	case "max":
		return dateValue{time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, true
	case "resolution":
		return timedelta{days: 1}, true
	case "today", "fromtimestamp":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			t, err := time.Now(), error(nil)
			if name == "fromtimestamp" {
				t, err = fromTimestamp(argument(a, kw, 0, "timestamp", nil))
			}
			return dateValue{day(t.Local())}, err
		}), true
	case "fromisoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			s := jinja.Str(argument(a, kw, 0, "date_string", ""))
			d, err := isoMoment(s)
			if err == nil && len(s) > 10 {
				err = fmt.Errorf("invalid isoformat string: %s", jinja.Repr(s))
			}
			return dateValue{d.wall}, err
		}), true
	case "fromordinal", "fromisocalendar":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			t, err := calendarDay(name, a, kw)
			return dateValue{t}, err
		}), true
	}
	return unbound(dateValue{}, name)
}

// calendarDay is a day by its number since the year 1, or by its ISO week.
func calendarDay(name string, a []any, kw *jinja.Dict) (time.Time, error) {
	n := parts{a: a, kw: kw}
	if name == "fromordinal" {
		t := time.Date(1, 1, n.int(0, "n", 1), 0, 0, 0, 0, time.UTC)
		if t.Year() < 1 || t.Year() > 9999 {
			return t, fmt.Errorf("ordinal must be >= 1 and in the years up to 9999")
		}
		return t, n.err
	}
	year, week, weekday := n.int(0, "year", 1), n.int(1, "week", 1), n.int(2, "day", 1)
	t := isoWeekDay(year, week, weekday)
	if y, w := t.ISOWeek(); n.err == nil && (y != year || w != week || weekday < 1 || weekday > 7) {
		n.err = fmt.Errorf("invalid week: %d, day %d", week, weekday)
	}
	return t, n.err
}

// isoWeekDay is a day of an ISO week; January 4th is always in the first.
func isoWeekDay(year, week, weekday int) time.Time {
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	return fourth.AddDate(0, 0, 7*(week-1)+weekday-isoWeekday(fourth))
}

func isoWeekday(t time.Time) int { return int(t.Weekday()+6)%7 + 1 }

// dateAttr are the attributes that dates and datetimes share.
func dateAttr(t time.Time, zone *zoneValue, name string) (any, bool) {
	switch name {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	case "weekday":
		return constantMacro(int64(isoWeekday(t) - 1)), true
	case "isoweekday":
		return constantMacro(int64(isoWeekday(t))), true
	case "isocalendar":
		year, week := t.ISOWeek()
		return constantMacro(&namedTuple{"datetime.IsoCalendarDate", []string{"year", "week", "weekday"},
			[]any{int64(year), int64(week), int64(isoWeekday(t))}}), true
	case "toordinal":
		return constantMacro(day(t).Unix()/86400 + 719163), true
	case "timetuple":
		return constantMacro(timeTuple(t)), true
	case "ctime":
		return constantMacro(t.Format("Mon Jan _2 15:04:05 2006")), true
	case "strftime":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return strftime(t, zone, jinja.Str(argument(a, kw, 0, "format", ""))), nil
		}), true
	}
	return nil, false
}

func timeTuple(t time.Time) *namedTuple {
	return &namedTuple{"time.struct_time",
		[]string{"tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"},
		[]any{int64(t.Year()), int64(t.Month()), int64(t.Day()), int64(t.Hour()), int64(t.Minute()), int64(t.Second()),
			int64(isoWeekday(t) - 1), int64(t.YearDay()), int64(-1)}}
}

// namedTuple is a tuple whose elements have names too.
type namedTuple struct {
	name   string
	names  []string
	values []any
}

func (t *namedTuple) Iter() []any { return t.values }
func (t *namedTuple) GetItem(key any) (any, bool) {
	if v, ok := at(t.values, key); ok {
		return v, true
	}
	return t.GetAttr(jinja.Str(key))
}

func (t *namedTuple) dict() *jinja.Dict {
	d := jinja.NewDict()
	for i, name := range t.names {
		d.Set(name, t.values[i])
	}
	return d
}
func (t *namedTuple) Hash() string { return t.Str() }
func (t *namedTuple) GetAttr(name string) (any, bool) {
	for i, n := range t.names {
		if n == name {
			return t.values[i], true
		}
	}
	return nil, false
}

func (t *namedTuple) Str() string {
	s := t.name + "("
	for i, n := range t.names {
		if i > 0 {
			s += ", "
		}
		s += n + "=" + jinja.Repr(t.values[i])
	}
	return s + ")"
}

// timeValue is a time of Python's: the day of t means nothing.
type timeValue struct {
	t    time.Time
	zone *zoneValue
}

func (timeValue) TypeName() string { return "datetime.time" }
func (t timeValue) Str() string    { return t.iso("auto") }
func (t timeValue) Hash() string   { return "time:" + t.Str() }
func (t timeValue) Repr() string   { return "datetime.time(" + clockArguments(t.t) + ")" }

func (t timeValue) iso(precision string) string {
	s := isoClock(t.t, precision)
	if t.zone != nil {
		s += offsetText(t.zone.offset, ":")
	}
	return s
}

func (t timeValue) sinceMidnight() time.Duration { return t.t.Sub(day(t.t)) }

func (t timeValue) Compare(other any) (int, bool) {
	x, ok := other.(timeValue)
	return int((t.sinceMidnight() - x.sinceMidnight()) / time.Microsecond), ok
}

func (t timeValue) GetAttr(name string) (any, bool) {
	switch name {
	case "tzinfo":
		return datetime{t.t, t.zone}.GetAttr(name)
	case "isoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return t.iso(jinja.Str(argument(a, kw, 0, "timespec", "auto"))), nil
		}), true
	case "strftime":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			on := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Add(t.sinceMidnight())
			return strftime(on, t.zone, jinja.Str(argument(a, kw, 0, "format", ""))), nil
		}), true
	case "replace":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			n := parts{a: a, kw: kw}
			hour, minute, second, micro := n.int(0, "hour", t.t.Hour()), n.int(1, "minute", t.t.Minute()), n.int(2, "second", t.t.Second()), n.int(3, "microsecond", t.t.Nanosecond()/1000)
			at, err := n.moment(1900, 1, 1, hour, minute, second, micro)
			return timeValue{at, t.zone}, err
		}), true
	}
	if v, ok := (datetime{t.t, t.zone}).zoned(name); ok {
		return v, true
	}
	return clockAttr(t.t, name)
}

// clockAttr are the attributes that times and datetimes share.
func clockAttr(t time.Time, name string) (any, bool) {
	switch name {
	case "hour":
		return int64(t.Hour()), true
	case "minute":
		return int64(t.Minute()), true
	case "second":
		return int64(t.Second()), true
	case "microsecond":
		return int64(t.Nanosecond() / 1000), true
	case "fold":
		return int64(0), true
	}
	return nil, false
}

// timeClass is Python's class time.
type timeClass struct{}

func (timeClass) TypeName() string { return "type" }
func (timeClass) Str() string      { return "<class 'datetime.time'>" }

func (timeClass) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	n := parts{a: a, kw: kw}
	t, err := n.moment(1900, 1, 1, n.int(0, "hour", 0), n.int(1, "minute", 0), n.int(2, "second", 0), n.int(3, "microsecond", 0))
	zone, _ := argument(a, kw, 4, "tzinfo", nil).(*zoneValue)
	return timeValue{t, zone}, err
}

func (timeClass) GetAttr(name string) (any, bool) {
	switch name {
	case "min":
		return timeValue{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), nil}, true
	case "max":
		return timeValue{time.Date(1900, 1, 1, 23, 59, 59, 999_999_000, time.UTC), nil}, true
	case "resolution":
		return timedelta{micros: 1}, true
	case "fromisoformat":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			d, err := isoMoment("1900-01-01T" + jinja.Str(argument(a, kw, 0, "time_string", "")))
			return timeValue{d.wall, d.zone}, err
		}), true
	}
	return unbound(timeValue{}, name)
}
