package activity

import "time"

// The year of the sample has a leap day.
var (
	firstDay = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	firstSec = firstDay.Unix()
)

const (
	daySeconds = 86_400
	yearDays   = 366
	spareDays  = 10 // behind the year: rows are updated later than they happened
)

// zone is where a patient lives: a country and its offsets from UTC, in
// minutes. The days of the change are those of 2024, in UTC.
type zone struct {
	country  string
	standard int
	summer   int
	from, to int64 // Unix seconds between which summer's offset holds
}

func (z *zone) offset(instant int64) int {
	if z.from <= instant && instant < z.to {
		return z.summer
	}
	return z.standard
}

func change(month time.Month, day, hour, minute int) int64 {
	return time.Date(2024, month, day, hour, minute, 0, 0, time.UTC).Unix()
}

// The first zone is the one of the awkward rows around the change.
func zones() []zone {
	spring, autumn := change(time.March, 31, 1, 0), change(time.October, 27, 1, 0)
	return []zone{
		{country: "Germany", standard: 60, summer: 120, from: spring, to: autumn},
		{country: "India", standard: 330, summer: 330},
		{country: "Portugal", standard: 0, summer: 60, from: spring, to: autumn},
		{country: "Nepal", standard: 345, summer: 345},
		{country: "Canada", standard: -210, summer: -150, from: change(time.March, 10, 5, 30), to: change(time.November, 3, 4, 30)},
		{country: "Brazil", standard: -180, summer: -180},
		{country: "Côte d'Ivoire", standard: 0, summer: 0},
		{country: "Korea, Republic of", standard: 540, summer: 540},
	}
}

// calendar writes instants as the files have them. The days are spelled once.
type calendar struct {
	zones  []zone
	days   [][]byte
	before int // days spelled before the first one: offsets lead there
}

func newCalendar() calendar {
	c := calendar{zones: zones(), before: 1}
	for day := -c.before; day < yearDays+spareDays; day++ {
		c.days = append(c.days, []byte(firstDay.AddDate(0, 0, day).Format("2006-01-02T")))
	}
	return c
}

func (c *calendar) zone(patient int) *zone { return &c.zones[patient%len(c.zones)] }

// appendTime appends the local time of an instant, in milliseconds since
// 1970, in the form 2024-02-29T01:00:00.000+0100.
func (c *calendar) appendTime(text []byte, millis int64, offset int) []byte {
	local := millis/1000 + int64(offset)*60 - firstSec + int64(c.before)*daySeconds
	day, second := local/daySeconds, int(local%daySeconds)
	text = append(text, c.days[day]...)
	text = appendTwo(text, second/3600)
	text = append(text, ':')
	text = appendTwo(text, second/60%60)
	text = append(text, ':')
	text = appendTwo(text, second%60)
	milli := int(millis % 1000)
	text = append(text, '.', byte('0'+milli/100))
	text = appendTwo(text, milli%100)
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	text = append(text, sign)
	text = appendTwo(text, offset/60)
	return appendTwo(text, offset%60)
}

func appendTwo(text []byte, n int) []byte {
	return append(text, byte('0'+n/10), byte('0'+n%10))
}
