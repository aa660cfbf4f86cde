package pipeline

import (
	"testing"
	"time"
)

func TestExtractProgress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		rate    Rate
		earlier ExtractEvent
		event   ExtractEvent
		elapsed time.Duration
		want    string
	}{
		{name: "before the first page", event: ExtractEvent{Total: -1}, want: "page 0, 0 studies"},
		{
			// 100 pages at 50 a minute and the versions before and after take two minutes, however fast the first are.
			name: "the limit comes later", rate: Rate{50, time.Minute}, elapsed: 2 * time.Second,
			event: ExtractEvent{Pages: 10, Studies: 10_000, Total: 100_000},
			want:  "page 10, 10,000 of 100,000 studies, 5000/s, 2m0s left",
		},
		{
			name: "no limit", rate: Rate{Requests: -1}, elapsed: 10 * time.Second,
			event: ExtractEvent{Pages: 10, Studies: 10_000, Total: 100_000},
			want:  "page 10, 10,000 of 100,000 studies, 1000/s, 1m30s left",
		},
		{
			name: "what an earlier run read was not read now", rate: Rate{Requests: -1}, elapsed: 10 * time.Second,
			earlier: ExtractEvent{Pages: 80, Studies: 80_000},
			event:   ExtractEvent{Pages: 90, Studies: 90_000, Total: 100_000},
			want:    "page 90, 90,000 of 100,000 studies, 1000/s, 10s left",
		},
		{
			name: "just taken up again", rate: Rate{50, time.Minute}, earlier: ExtractEvent{Pages: 80, Studies: 80_000},
			event: ExtractEvent{Pages: 80, Studies: 80_000, Total: 100_000, Waiting: 20 * time.Second},
			want:  "page 80, 80,000 of 100,000 studies, 1m0s left (waiting 20s for the rate limit)",
		},
	} {
		r := &registryReading{rate: test.rate, earlier: test.earlier}
		if got := r.progress(test.event, test.elapsed); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
