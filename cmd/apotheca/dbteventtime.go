package main

import (
	"time"

	"github.com/spf13/pflag"

	"apotheca/internal/dbt"
)

// eventTimeFlags restrict a run to what happened in a stretch of time.
type eventTimeFlags struct {
	start, end string // of microbatch models
	sample     string // of every input that has an event time
}

func (f *eventTimeFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.start, "event-time-start", "", "run the batches of microbatch models from this `time` on")
	flags.StringVar(&f.end, "event-time-end", "", "run them up to this `time`, which is not in them")
	flags.StringVar(&f.sample, "sample", "", "read only what happened in this `time`: '3 days', or {start: …, end: …}")
}

// window is that of --sample; nil is all of time.
func (f *eventTimeFlags) window(now time.Time) (*dbt.Window, error) {
	if f.sample == "" {
		return nil, nil
	}
	sample, err := dbt.ParseSample(f.sample, now)
	if err != nil {
		return nil, usagef("Invalid value for '--sample': %v", err).hint("--sample '3 days', or --sample \"{'start': '2024-07-01', 'end': '2024-07-08'}\"")
	}
	return sample, nil
}

// between is the time of microbatch models; nil leaves it to them.
func (f *eventTimeFlags) between() (*dbt.Window, error) {
	switch {
	case f.start == "" && f.end == "":
		return nil, nil
	case f.start == "":
		return nil, usagef("The flag `--event-time-end` was specified, but `--event-time-start` was not. When specifying `--event-time-end`, `--event-time-start` must also be present.").
			hint("--event-time-start 2024-01-01")
	case f.end == "":
		return nil, usagef("The flag `--event-time-start` was specified, but `--event-time-end` was not. When specifying `--event-time-start`, `--event-time-end` must also be present.").
			hint("--event-time-end 2024-01-02")
	}
	window := &dbt.Window{}
	for _, flag := range []struct {
		name, value string
		to          *time.Time
	}{{"event-time-start", f.start, &window.Start}, {"event-time-end", f.end, &window.End}} {
		moment, ok := moment(flag.value)
		if !ok {
			return nil, usagef("Invalid value for '--%s': '%s' does not match the formats '%%Y-%%m-%%d', '%%Y-%%m-%%dT%%H:%%M:%%S', '%%Y-%%m-%%d %%H:%%M:%%S'.", flag.name, flag.value).
				hint("--%s 2024-01-01", flag.name)
		}
		*flag.to = moment
	}
	if !window.Start.Before(window.End) {
		return nil, usagef("Value for `--event-time-start` must be less than `--event-time-end`")
	}
	return window, nil
}

// arguments are the flags as run_results.json keeps them for retry: what a
// sample was, not how it was asked for.
func (f *eventTimeFlags) arguments(now time.Time) map[string]any {
	const iso = "2006-01-02T15:04:05"
	args := map[string]any{}
	if window, _ := f.between(); window != nil {
		args["event_time_start"], args["event_time_end"] = window.Start.Format(iso), window.End.Format(iso)
	}
	if sample, _ := f.window(now); sample != nil {
		args["sample"] = map[string]string{"start": sample.Start.Format(time.RFC3339Nano), "end": sample.End.Format(time.RFC3339Nano)}
	}
	return args
}

func moment(text string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
