package dbt

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"apotheca/internal/jinja"
)

// strftime writes a moment as the C library does, which Python asks. What it
// does not know stays as it is.
func strftime(t time.Time, zone *zoneValue, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		flag := byte(0)
		at := i + 1
		if strings.IndexByte("-_0^#", format[at]) >= 0 && at+1 < len(format) {
			flag = format[at]
			at++
		}
		text, ok := directive(t, zone, format[at], flag)
		if !ok {
			b.WriteByte('%')
			continue
		}
		b.WriteString(text)
		i = at
	}
	return b.String()
}

// layouts are the directives that are texts of Go's layouts.
var layouts = map[byte]string{
	'b': "Jan", 'h': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'p': "PM", 'c': "Mon Jan _2 15:04:05 2006",
	'x': "01/02/06", 'D': "01/02/06", 'X': "15:04:05", 'T': "15:04:05", 'R': "15:04", 'r': "03:04:05 PM", 'F': "2006-01-02",
}

func directive(t time.Time, zone *zoneValue, c, flag byte) (string, bool) {
	if layout, ok := layouts[c]; ok {
		text := t.Format(layout)
		if flag == '^' {
			text = strings.ToUpper(text)
		}
		return text, true
	}
	switch c {
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 'P':
		return strings.ToLower(t.Format("PM")), true
	case 'Y':
		return strconv.Itoa(t.Year()), true
	case 's':
		return strconv.FormatInt(datetime{t, zone}.instant().Unix(), 10), true
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 'w', 'u':
		n := int(t.Weekday())
		if c == 'u' {
			n = isoWeekday(t)
		}
		return strconv.Itoa(n), true
	case 'Z', 'z':
		switch {
		case zone == nil:
			return "", true
		case c == 'Z':
			return zone.abbreviation, true
		}
		return offsetText(zone.offset, ""), true
	}
	n, width, pad, ok := directiveNumber(t, c)
	switch flag {
	case '-':
		pad = ""
	case '_':
		pad = " "
	case '0':
		pad = "0"
	}
	text := strconv.Itoa(n)
	if pad != "" {
		text = strings.Repeat(pad, max(0, width-len(text))) + text
	}
	return text, ok
}

// directiveNumber is a directive that is a number, and how it is widened.
func directiveNumber(t time.Time, c byte) (n, width int, pad string, ok bool) {
	isoYear, isoWeek := t.ISOWeek()
	hour12 := (t.Hour()+11)%12 + 1
	switch c {
	case 'd':
		return t.Day(), 2, "0", true
	case 'e':
		return t.Day(), 2, " ", true
	case 'm':
		return int(t.Month()), 2, "0", true
	case 'y':
		return t.Year() % 100, 2, "0", true
	case 'C':
		return t.Year() / 100, 2, "0", true
	case 'H':
		return t.Hour(), 2, "0", true
	case 'k':
		return t.Hour(), 2, " ", true
	case 'I':
		return hour12, 2, "0", true
	case 'l':
		return hour12, 2, " ", true
	case 'M':
		return t.Minute(), 2, "0", true
	case 'S':
		return t.Second(), 2, "0", true
	case 'j':
		return t.YearDay(), 3, "0", true
	case 'U':
		return (t.YearDay() + 6 - int(t.Weekday())) / 7, 2, "0", true
	case 'W':
		return (t.YearDay() + 7 - isoWeekday(t)) / 7, 2, "0", true
	case 'V':
		return isoWeek, 2, "0", true
	case 'G':
		return isoYear, 4, "0", true
	case 'g':
		return isoYear % 100, 2, "0", true
	}
	return 0, 0, "", false
}

// directivePatterns are what strptime takes for each directive.
var directivePatterns = map[byte]string{
	'd': `3[01]|[12]\d|0[1-9]|[1-9]| [1-9]`, 'f': `\d{1,6}`, 'H': `2[0-3]|[01]\d|\d`, 'I': `1[0-2]|0[1-9]|[1-9]`, 'G': `\d{4}`,
	'j': `36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`, 'm': `1[0-2]|0[1-9]|[1-9]`, 'M': `[0-5]\d|\d`,
	'S': `6[01]|[0-5]\d|\d`, 'U': `5[0-3]|[0-4]\d|\d`, 'W': `5[0-3]|[0-4]\d|\d`, 'V': `5[0-3]|0[1-9]|[1-4]\d|\d`, 'w': `[0-6]`,
	'u': `[1-7]`, 'y': `\d\d`, 'Y': `\d{4}`, 'z': `[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|Z`, 'p': `am|pm`, 'Z': `utc|gmt`,
	'a': `mon|tue|wed|thu|fri|sat|sun`, 'A': `monday|tuesday|wednesday|thursday|friday|saturday|sunday`,
	'b': `jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec`,
	'B': `january|february|march|april|may|june|july|august|september|october|november|december`, '%': `%`,
}

// strptime reads a moment in a format.
func strptime(s, format string) (datetime, error) {
	format = strings.NewReplacer("%c", "%a %b %d %H:%M:%S %Y", "%x", "%m/%d/%y", "%X", "%H:%M:%S").Replace(format)
	var pattern strings.Builder
	var order []byte
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '%' && i+1 < len(format):
			i++
			p, ok := directivePatterns[format[i]]
			if !ok {
				return datetime{}, fmt.Errorf("'%c' is a bad directive in format %s", format[i], jinja.Repr(format))
			}
			order = append(order, format[i])
			pattern.WriteString("(" + p + ")")
		case c == '%':
			return datetime{}, fmt.Errorf("stray %% in format %s", jinja.Repr(format))
		case strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			pattern.WriteString(`\s+`)
		default:
			_, n := utf8.DecodeRuneInString(format[i:])
			pattern.WriteString(regexp.QuoteMeta(format[i : i+n]))
			i += n - 1
		}
	}
	re, err := regexp.Compile(`(?i)^(?:` + pattern.String() + `)`)
	if err != nil {
		return datetime{}, fmt.Errorf("format %s: %w", jinja.Repr(format), err)
	}
	m := re.FindStringSubmatch(s)
	if m == nil {
		return datetime{}, fmt.Errorf("time data %s does not match format %s", jinja.Repr(s), jinja.Repr(format))
	}
	if rest := s[len(m[0]):]; rest != "" {
		return datetime{}, fmt.Errorf("unconverted data remains: %s", rest)
	}
	read := parsedMoment{year: 1900, month: 1, day: 1}
	for i, c := range order {
		read.take(c, m[i+1])
	}
	return read.datetime()
}

// parsedMoment is what strptime has found so far.
type parsedMoment struct {
	year, month, day, hour, minute, second, micro int
	yearDay, isoYear, isoWeek, weekday            int
	afternoon, twelve                             bool
	zone                                          *zoneValue
}

func (p *parsedMoment) take(c byte, text string) {
	n, _ := strconv.Atoi(strings.TrimSpace(text))
	switch c {
	case 'Y':
		p.year = n
	case 'y':
		p.year = n + 1900
		if n < 69 {
			p.year += 100
		}
	case 'm':
		p.month = n
	case 'b', 'B':
		p.month = strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(text[:3]))/3 + 1
	case 'd':
		p.day = n
	case 'j':
		p.yearDay = n
	case 'H':
		p.hour = n
	case 'I':
		p.hour, p.twelve = n, true
	case 'p':
		p.afternoon = strings.EqualFold(text, "pm")
	case 'M':
		p.minute = n
	case 'S':
		p.second = n
	case 'f':
		p.micro, _ = strconv.Atoi(text + "000000"[len(text):])
	case 'G':
		p.isoYear = n
	case 'V':
		p.isoWeek = n
	case 'u':
		p.weekday = n
	case 'a', 'A':
		p.weekday = strings.Index("montuewedthufrisatsun", strings.ToLower(text[:3]))/3 + 1
	case 'z':
		p.zone = parsedZone(text)
	}
}

func (p *parsedMoment) datetime() (datetime, error) {
	if p.twelve {
		p.hour %= 12
		if p.afternoon {
			p.hour += 12
		}
	}
	wall, err := (&parts{}).moment(p.year, p.month, p.day, p.hour, p.minute, p.second, p.micro)
	clock := wall.Sub(day(wall))
	switch {
	case p.yearDay > 0:
		wall = time.Date(p.year, 1, p.yearDay, 0, 0, 0, 0, time.UTC).Add(clock)
	case p.isoYear > 0 && p.isoWeek > 0:
		wall = isoWeekDay(p.isoYear, p.isoWeek, max(1, p.weekday)).Add(clock)
	}
	return datetime{wall, p.zone}, err
}

// parsedZone is Z, or an offset with or without colons.
func parsedZone(text string) *zoneValue {
	if text == "" {
		return nil
	}
	if text == "Z" || text == "z" {
		return fixedZone(0, "UTC")
	}
	digits, _, _ := strings.Cut(strings.ReplaceAll(text[1:], ":", ""), ".")
	n := 0
	for i, unit := range []int{3600, 60, 1} {
		if len(digits) >= 2*i+2 {
			part, _ := strconv.Atoi(digits[2*i : 2*i+2])
			n += part * unit
		}
	}
	if text[0] == '-' {
		n = -n
	}
	return fixedZone(n, "")
}

var isoFormat = pattern(`^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-?W(\d\d)(?:-?(\d))?)` +
	`(?:.(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?)?$`)

// isoMoment is fromisoformat.
func isoMoment(s string) (datetime, error) {
	m := isoFormat().FindStringSubmatch(s)
	if m == nil {
		return datetime{}, fmt.Errorf("invalid isoformat string: %s", jinja.Repr(s))
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	fraction := (m[11] + "000000")[:6]
	micro, _ := strconv.Atoi(fraction)
	year, month, dayOf := n(1), n(2)+n(4), n(3)+n(5)
	if m[6] != "" {
		d := isoWeekDay(year, n(6), max(1, n(7)))
		year, month, dayOf = d.Year(), int(d.Month()), d.Day()
	}
	wall, err := (&parts{}).moment(year, month, dayOf, n(8), n(9), n(10), micro)
	return datetime{wall, parsedZone(m[12])}, err
}
