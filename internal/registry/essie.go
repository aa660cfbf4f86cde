package registry

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The part of the registry's expression language that the sample serves:
// AREA[Field]RANGE[from,to] and AREA[Field]value, joined by AND.

var areaExpression = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^AREA\[([^\]]*)\]\s*(?:RANGE\[\s*([^,\]]*?)\s*,\s*([^,\]]*?)\s*\]|"?([^\[\]"]+)"?)$`)
})

func parseEssie(parameter, text string) (condition, error) {
	var all []condition
	for _, term := range strings.Split(text, " AND ") {
		c, err := parseArea(parameter, strings.TrimSpace(term))
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return func(h header) bool {
		return !slices.ContainsFunc(all, func(c condition) bool { return !c(h) })
	}, nil
}

func parseArea(parameter, term string) (condition, error) {
	m := areaExpression().FindStringSubmatch(term)
	if m == nil {
		return nil, refuse("Error parsing query in %s: the sample registry reads AREA[Field]RANGE[from,to], AREA[Field]value and AND, got: `%s`", parameter, term)
	}
	area, from, to, value := m[1], m[2], m[3], strings.TrimSpace(m[4])
	switch area {
	case "OverallStatus":
		return func(h header) bool { return h.status == value }, nil
	case "StudyType":
		return func(h header) bool { return h.studyType == value }, nil
	}
	date, ok := dateFields[area]
	if !ok {
		return nil, refuse("Error parsing query in %s: Unknown area name: `%s`", parameter, area)
	}
	if value != "" {
		from, to = value, value
	}
	low, high, ok := dayRange(from, to)
	if !ok {
		return nil, refuse("Error parsing query in %s: invalid date range in `%s`", parameter, term)
	}
	return func(h header) bool {
		d := date(h)
		return d != noDay && d >= low && d <= high
	}, nil
}

var dateFields = map[string]func(header) day{
	"LastUpdatePostDate": func(h header) day { return h.lastUpdate },
	"StudyFirstPostDate": func(h header) day { return h.firstPost },
	"StartDate":          func(h header) day { return h.start },
}

// dayRange reads the bounds of a range; both belong to it. A partial upper
// bound means its last day.
func dayRange(from, to string) (low, high day, ok bool) {
	low, high = noDay+1, 1<<31-1
	if from != "MIN" {
		if low = parsePartialDay(from); low == noDay {
			return 0, 0, false
		}
	}
	if to != "MAX" {
		if high = parsePartialDay(to); high == noDay {
			return 0, 0, false
		}
		switch len(to) {
		case len("2006"):
			high = dayOf(high.time().AddDate(1, 0, -1))
		case len("2006-01"):
			high = dayOf(high.time().AddDate(0, 1, -1))
		}
	}
	return low, high, true
}
