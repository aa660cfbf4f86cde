package dbt

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	moment, ok := ParseMoment(text)
	if !ok {
		t.Fatalf("%q is no time", text)
	}
	return moment
}

func TestBatchesOfAModel(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size        BatchSize
		incremental bool
		start, end  string // asked for
		now         string
		want        []string
	}{
		"from the beginning":    {Day, false, "", "", "2024-01-03 05:00", []string{"2024-01-01", "2024-01-02", "2024-01-03"}},
		"at the border":         {Day, false, "", "", "2024-01-03", []string{"2024-01-01", "2024-01-02"}},
		"looking back":          {Day, true, "", "", "2024-03-01 00:01", []string{"2024-02-29", "2024-03-01"}},
		"months":                {Month, true, "", "", "2024-03-31", []string{"2024-02", "2024-03"}},
		"months at the border":  {Month, true, "", "", "2024-03-01", []string{"2024-01", "2024-02"}},
		"hours":                 {Hour, true, "", "", "2024-01-01 00:30", []string{"2023-12-31T23", "2024-01-01T00"}},
		"years":                 {Year, false, "2022-06-05", "2024-01-01", "2030-01-01", []string{"2022", "2023"}},
		"asked for":             {Day, true, "2024-02-01 10:00", "2024-02-02 01:00", "2030-01-01", []string{"2024-02-01", "2024-02-02"}},
		"asked for in a border": {Day, true, "2024-02-01", "2024-02-02", "2030-01-01", []string{"2024-02-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := Microbatch{Size: test.size, Begin: instant(t, "2024-01-01 08:00"), Lookback: 1}
			var asked *Window
			if test.start != "" {
				asked = &Window{instant(t, test.start), instant(t, test.end)}
			}
			var got []string
			for _, w := range m.Batches(test.incremental, asked, instant(t, test.now)) {
				got = append(got, test.size.Format(w.Start))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	now := instant(t, "2024-03-31 12:00")
	for text, want := range map[string]string{
		"3 days":                               "2024-03-28 12:00:00 2024-03-31 12:00:00",
		"1 Month":                              "2024-02-29 12:00:00 2024-03-31 12:00:00",
		"1 year":                               "2023-03-31 12:00:00 2024-03-31 12:00:00",
		"36 hours":                             "2024-03-30 00:00:00 2024-03-31 12:00:00",
		"{start: 2024-01-01, end: 2024-01-02}": "2024-01-01 00:00:00 2024-01-02 00:00:00",
		"3 weeks":                              "Invalid grain size 'weeks'. Must be one of ['hour', 'day', 'month', 'year', 'hours', 'days', 'months', 'years'].",
		"three days":                           "Unable to convert 'three' to an integer.",
		"3":                                    "Cannot load SAMPLE_WINDOW from '3'. Must be of form 'DAYS_INT GRAIN_SIZE'.",
		"{start: 2024-01-01}":                  "the sample {start: 2024-01-01} has no end that is a time",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			window, err := ParseSample(text, now)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = window.Start.Format(time.DateTime) + " " + window.End.Format(time.DateTime)
			}
			if got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}
