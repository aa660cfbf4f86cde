package csvfile

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 24 * 60 * 60 * microsPerSecond
)

// dateCache remembers the last date: most rows have the date of the row before.
type dateCache struct {
	text [10]byte
	days int64
	ok   bool
}

// days reads "2024-02-29" at the start of a text as days since 1970-01-01.
func (d *dateCache) at(text []byte) (days int64, ok bool) {
	if d.ok && [10]byte(text[:10]) == d.text {
		return d.days, true
	}
	year, month, day, ok := civil(text)
	if !ok {
		return 0, false
	}
	d.text, d.days, d.ok = [10]byte(text[:10]), daysSince1970(year, month, day), true
	return d.days, true
}

func civil(text []byte) (year, month, day int, ok bool) {
	if text[4] != '-' || text[7] != '-' {
		return 0, 0, 0, false
	}
	century, ok1 := two(text, 0)
	rest, ok2 := two(text, 2)
	month, ok3 := two(text, 5)
	day, ok4 := two(text, 8)
	year = century*100 + rest
	return year, month, day, ok1 && ok2 && ok3 && ok4 && isDate(year, month, day)
}

func isDate(year, month, day int) bool {
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 && (day <= 28 || day <= daysIn(year, month))
}

// two reads two digits.
func two(text []byte, i int) (int, bool) {
	a, b := text[i]-'0', text[i+1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts in years that begin in March, so that the leap day is
// the last one.
func daysSince1970(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return int64(365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 719_469)
}

const notDate = "not a date like 2024-02-29"

func (d *dateCache) date(text []byte) (int64, string) {
	if len(text) != len("2024-02-29") {
		return 0, notDate
	}
	days, ok := d.at(text)
	if !ok {
		return 0, notDate
	}
	return days, ""
}

const (
	notTimestamp = "not a time like 2024-02-29T01:00:00.000+0100"
	noOffset     = "a time without an offset: `utc: true` in pipeline.yml takes it as UTC"
)

// clock reads a date and a time of day as if it were in UTC.
func (d *dateCache) clock(text []byte, start int) (micros int64, next int) {
	const shape = "2024-02-29T01:00:00"
	if len(text)-start < len(shape) {
		return 0, start
	}
	t := text[start : start+len(shape)]
	if t[10] != 'T' && t[10] != ' ' || t[13] != ':' || t[16] != ':' {
		return 0, start
	}
	days, ok := d.at(t)
	hour, ok1 := two(t, 11)
	minute, ok2 := two(t, 14)
	second, ok3 := two(t, 17)
	if !ok || !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, start
	}
	micros = days*microsPerDay + int64(hour*3600+minute*60+second)*microsPerSecond
	i := start + len(shape)
	if i < len(text) && text[i] == '.' {
		i++
		places, unit := i, int64(microsPerSecond/10)
		for ; i < len(text) && text[i]-'0' <= 9; i++ {
			micros += int64(text[i]-'0') * unit
			unit /= 10
		}
		if i == places || i-places > 9 {
			return 0, start
		}
	}
	return micros, i
}

// offsetMax is the largest offset, in minutes. The world's are within 14 hours.
const offsetMax = 18 * 60

// zone reads Z, +01, +0100 or +01:00.
func zone(text []byte, start int) (minutes int64, next int) {
	if start >= len(text) {
		return 0, start
	}
	sign := int64(1)
	switch text[start] {
	case 'Z':
		return 0, start + 1
	case '+':
	case '-':
		sign = -1
	default:
		return 0, start
	}
	i := start + 1
	if len(text)-i < 2 {
		return 0, start
	}
	hours, ok := two(text, i)
	if !ok {
		return 0, start
	}
	i += 2
	colon := i
	if i < len(text) && text[i] == ':' {
		colon++
	}
	rest := 0
	if len(text)-colon >= 2 {
		if n, ok := two(text, colon); ok {
			rest, i = n, colon+2
		}
	}
	if rest > 59 || hours*60+rest > offsetMax {
		return 0, start
	}
	return sign * int64(hours*60+rest), i
}

// timestamp reads a whole field.
func (d *dateCache) timestamp(text []byte, utc bool) (micros, offset int64, problem string) {
	micros, next := d.clock(text, 0)
	switch {
	case next == 0:
		return 0, 0, notTimestamp
	case next == len(text) && utc:
		return micros, 0, ""
	case next == len(text):
		return 0, 0, noOffset
	}
	offset, end := zone(text, next)
	if end != len(text) {
		return 0, 0, notTimestamp
	}
	return micros - offset*60*microsPerSecond, offset, ""
}
