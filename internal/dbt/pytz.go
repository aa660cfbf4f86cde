package dbt

import (
	_ "embed"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // templates name zones wherever the program runs

	"apotheca/internal/jinja"
)

// pytzModule is Python's pytz: time zones by name.
type pytzModule struct{}

func (pytzModule) TypeName() string { return "dict" }

func (pytzModule) GetAttr(name string) (any, bool) {
	switch name {
	case "utc":
		return utcZone(), true
	case "all_timezones", "common_timezones":
		return jinja.NewList(zoneNames(name == "common_timezones")...), true
	case "all_timezones_set", "common_timezones_set":
		return newSet(zoneNames(name == "common_timezones_set")), true
	case "timezone":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			return namedZone(jinja.Str(argument(a, kw, 0, "zone", "")))
		}), true
	case "FixedOffset":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			minutes, ok := argument(a, kw, 0, "offset", nil).(int64)
			if !ok || minutes <= -1440 || minutes >= 1440 {
				return nil, fmt.Errorf("absolute offset is too large")
			}
			z := fixedZone(int(minutes)*60, "")
			z.kind, z.minutes, z.abbreviation = zoneFixed, int(minutes), ""
			if minutes == 0 {
				z = utcZone()
			}
			return z, nil
		}), true
	case "country_timezones", "country_names":
		return function(func([]any, *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("modules.pytz.%s is not supported", name)
		}), true
	}
	return nil, false
}

type zoneKind int

const (
	zoneUTC    zoneKind = iota // pytz.utc
	zoneOffset                 // datetime.timezone: what a text said
	zoneFixed                  // pytz.FixedOffset
	zoneNamed                  // pytz.timezone: one of the offsets that a place has had
)

// zoneValue is a tzinfo. As with pytz, one of a place is fixed to one of its
// offsets, so that calculating does not change it before normalize().
type zoneValue struct {
	kind         zoneKind
	location     *time.Location
	offset, dst  int // seconds
	minutes      int // of a FixedOffset
	abbreviation string
}

func utcZone() *zoneValue { return &zoneValue{kind: zoneUTC, location: time.UTC, abbreviation: "UTC"} }

// fixedZone is an offset as datetime.timezone has it.
func fixedZone(offset int, name string) *zoneValue {
	if name == "" && offset == 0 {
		name = "UTC"
	}
	if name == "" {
		name = "UTC" + offsetText(offset, ":")
	}
	return &zoneValue{kind: zoneOffset, location: time.FixedZone(name, offset), offset: offset, abbreviation: name}
}

// namedZone is a place before it is fixed to an offset: then it has the first
// one it ever had, in whole minutes.
func namedZone(name string) (*zoneValue, error) {
	if strings.EqualFold(name, "utc") {
		return utcZone(), nil
	}
	location, err := time.LoadLocation(zoneSpelling(name))
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %s", jinja.Repr(name))
	}
	z := zoneAt(location, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))
	z.offset = (z.offset + 86_400_000 + 30) / 60 * 60
	z.offset -= 86_400_000
	return z, nil
}

// timeZones are all names, one a line; those behind which "-" stands are old
// or odd ones, and not among the common.
//
//go:embed zones.txt
var timeZones string

// zoneSpelling is a name as the database spells it, for those who write it
// with other capitals.
func zoneSpelling(name string) string {
	for line := range strings.Lines(timeZones) {
		if known, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

func zoneNames(common bool) []any {
	var names []any
	for line := range strings.Lines(timeZones) {
		if name, _, odd := strings.Cut(strings.TrimSpace(line), " "); !odd || !common {
			names = append(names, name)
		}
	}
	return names
}

// zoneAt is a place with the offset that it has at an instant.
func zoneAt(location *time.Location, t time.Time) *zoneValue {
	local := t.In(location)
	z := &zoneValue{kind: zoneNamed, location: location}
	z.abbreviation, z.offset = local.Zone()
	if local.IsDST() {
		z.dst = 3600
		if start, _ := local.ZoneBounds(); !start.IsZero() {
			if before := start.Add(-time.Second); !before.IsDST() {
				_, standard := before.Zone()
				z.dst = z.offset - standard
			}
		}
	}
	return z
}

// at is an instant in the zone.
func (z *zoneValue) at(t time.Time) datetime {
	if z.kind == zoneNamed {
		z = zoneAt(z.location, t)
	}
	return datetime{inUTC(t.UTC().Add(time.Duration(z.offset) * time.Second)), z}
}

func (z *zoneValue) TypeName() string { return "tzinfo" }
func (z *zoneValue) Hash() string     { return fmt.Sprintf("zone:%s:%d", z.location, z.offset) }

func (z *zoneValue) Str() string {
	if z.kind == zoneFixed {
		return z.Repr()
	}
	return z.location.String()
}

func (z *zoneValue) Repr() string {
	switch z.kind {
	case zoneUTC:
		return "<UTC>"
	case zoneFixed:
		return fmt.Sprintf("pytz.FixedOffset(%d)", z.minutes)
	case zoneOffset:
		if z.offset == 0 {
			return "datetime.timezone.utc"
		}
		return "datetime.timezone(" + seconds(z.offset).Repr() + ")"
	}
	season := "STD"
	if z.dst != 0 {
		season = "DST"
	}
	d := seconds(z.offset)
	sign := "+"
	if z.offset < 0 {
		sign = ""
	}
	return fmt.Sprintf("<DstTzInfo '%s' %s%s%s %s>", z.location, z.abbreviation, sign, d.Str(), season)
}

// offsetText is an offset as +02:00, with seconds where it has some.
func offsetText(offset int, sep string) string {
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	text := fmt.Sprintf("%s%02d%s%02d", sign, offset/3600, sep, offset/60%60)
	if offset%60 != 0 {
		text += fmt.Sprintf("%s%02d", sep, offset%60)
	}
	return text
}

func (z *zoneValue) GetAttr(name string) (any, bool) {
	switch name {
	case "zone":
		if z.kind == zoneFixed {
			return nil, true
		}
		return z.location.String(), z.kind != zoneOffset
	case "localize":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			d, ok := argument(a, kw, 0, "dt", nil).(datetime)
			if !ok || d.zone != nil {
				return nil, fmt.Errorf("not naive datetime (tzinfo is already set)")
			}
			return z.localize(d, argument(a, kw, 1, "is_dst", false))
		}), z.kind != zoneOffset
	case "normalize":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			d, ok := argument(a, kw, 0, "dt", nil).(datetime)
			if !ok || d.zone == nil {
				return nil, fmt.Errorf("naive time - no tzinfo set")
			}
			return z.at(d.instant()), nil
		}), z.kind != zoneOffset
	case "utcoffset", "dst", "tzname":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			d, ok := argument(a, kw, 0, "dt", nil).(datetime)
			if !ok {
				return nil, nil
			}
			if local, err := z.localize(datetime{d.wall, nil}, argument(a, kw, 1, "is_dst", false)); err == nil {
				d = local.(datetime)
			}
			v, _ := d.zoned(name)
			return v.(jinja.Func)(nil, nil, nil)
		}), true
	}
	return nil, false
}

// localize gives a naive moment the offset that the place has then. Where the
// clocks are turned back a wall clock shows a time twice, and isDST chooses;
// where they are turned forward it is counted from the offset before, or with
// isDST after. None refuses to choose.
func (z *zoneValue) localize(d datetime, isDST any) (any, error) {
	if z.kind != zoneNamed {
		return datetime{d.wall, z}, nil
	}
	var possible []*zoneValue
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		around := zoneAt(z.location, d.wall.Add(near))
		found := zoneAt(z.location, d.wall.Add(-time.Duration(around.offset)*time.Second))
		if found.offset == around.offset && (len(possible) == 0 || possible[0].offset != found.offset) {
			possible = append(possible, found)
		}
	}
	switch {
	case len(possible) == 1:
		return datetime{d.wall, possible[0]}, nil
	case isDST == nil && len(possible) == 0:
		return nil, fmt.Errorf("NonExistentTimeError: %s", d.Str())
	case isDST == nil:
		return nil, fmt.Errorf("AmbiguousTimeError: %s", d.Str())
	case len(possible) == 0:
		shift := -6 * time.Hour
		if isDST == true {
			shift = -shift
		}
		v, err := z.localize(datetime{d.wall.Add(shift), nil}, isDST)
		if near, ok := v.(datetime); ok {
			return datetime{near.wall.Add(-shift), near.zone}, err
		}
		return v, err
	}
	for _, p := range possible {
		if (p.dst != 0) == (isDST == true) {
			return datetime{d.wall, p}, nil
		}
	}
	return datetime{d.wall, possible[0]}, nil
}
