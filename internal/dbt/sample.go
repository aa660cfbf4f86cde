package dbt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sample is the time that inputs are read of; nil for all of it.
func (p *Project) Sample() *Window { return p.options.Sample }

// ParseSample reads a sample of inputs with an event time: "3 days" before now,
// or {'start': '2024-07-01', 'end': '2024-07-08'}.
func ParseSample(text string, now time.Time) (*Window, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseSpecificSample(text)
	}
	words := strings.Split(text, " ")
	if len(words) != 2 {
		return nil, fmt.Errorf("Cannot load SAMPLE_WINDOW from '%s'. Must be of form 'DAYS_INT GRAIN_SIZE'.", text)
	}
	many, err := strconv.Atoi(words[0])
	if err != nil {
		return nil, fmt.Errorf("Unable to convert '%s' to an integer.", words[0])
	}
	size := BatchSize(strings.TrimRight(strings.ToLower(words[1]), "s"))
	if !slices.Contains(batchSizes(), size) {
		return nil, fmt.Errorf("Invalid grain size '%s'. Must be one of ['hour', 'day', 'month', 'year', 'hours', 'days', 'months', 'years'].", words[1])
	}
	end := now.UTC().Truncate(time.Microsecond)
	return &Window{Start: ago(end, size, many), End: end}, nil
}

// ago goes back from a moment; a month has no more days than it has.
func ago(from time.Time, size BatchSize, many int) time.Time {
	switch size {
	case Hour:
		return from.Add(-time.Duration(many) * time.Hour)
	case Day:
		return from.AddDate(0, 0, -many)
	case Year:
		many *= 12
	}
	first := time.Date(from.Year(), from.Month(), 1, from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), time.UTC).AddDate(0, -many, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(from.Day(), last)-1)
}

func parseSpecificSample(text string) (*Window, error) {
	values, err := ParseVars(text)
	if err != nil {
		return nil, fmt.Errorf("the sample %s is no dictionary", text)
	}
	window := &Window{}
	for key, to := range map[string]*time.Time{"start": &window.Start, "end": &window.End} {
		moment, ok := momentOf(values[key])
		if !ok {
			return nil, fmt.Errorf("the sample %s has no %s that is a time", text, key)
		}
		*to = moment
	}
	return window, nil
}
