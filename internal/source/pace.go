package source

import (
	"context"
	"net/http/httptrace"
	"slices"
	"time"
)

// DefaultLimit and DefaultWindow are the pace at which ClinicalTrials.gov is
// read unless the user says otherwise.
const (
	DefaultLimit  = 50
	DefaultWindow = time.Minute
)

// PaceOptions say how fast. Zero values are defaults.
type PaceOptions struct {
	Limit  int           // DefaultLimit; below 0 there is none
	Window time.Duration // DefaultWindow
	Clock  Clock         // SystemClock
	// Journal carries the window over a restart; nil forgets it.
	Journal Journal
	// Waiting is told before a wait, for the progress line.
	Waiting func(time.Duration)
}

// Journal remembers when requests were begun, beyond the life of a process:
// without it, a program that dies and is started again would ask too often.
type Journal interface {
	// Recent gives the times at or after since, oldest first.
	Recent(since time.Time) ([]time.Time, error)
	// Record notes a request that is about to begin.
	Record(at time.Time) error
}

// Pace wraps p so that no window of time ever holds more than Limit requests,
// as the registry counts them. It waits only when the next request would be
// one too many.
//
// When a request reaches the registry is not known here; it lies between its
// beginning and the first byte of its answer. So a request leaves the window
// one Window after its answer began, and enters it when it is sent: however
// long the wire takes, the registry cannot see more than Limit in a window.
func Pace(p Pager, o PaceOptions) Pager {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Limit < 0 {
		return p
	}
	return &pace{next: p, PaceOptions: o}
}

type pace struct {
	PaceOptions
	next     Pager
	loaded   bool
	answered []time.Time // of the last Limit requests, oldest first
}

// Page implements Pager.
func (p *pace) Page(ctx context.Context, cursor string) (page Page, err error) {
	err = p.paced(ctx, func(ctx context.Context) (err error) {
		page, err = p.next.Page(ctx, cursor)
		return err
	})
	return page, err
}

// Version implements Pager.
func (p *pace) Version(ctx context.Context) (version Version, err error) {
	err = p.paced(ctx, func(ctx context.Context) (err error) {
		version, err = p.next.Version(ctx)
		return err
	})
	return version, err
}

func (p *pace) paced(ctx context.Context, request func(context.Context) error) error {
	if err := p.load(); err != nil {
		return err
	}
	if err := p.wait(ctx); err != nil {
		return err
	}
	if p.Journal != nil {
		if err := p.Journal.Record(p.Clock.Now()); err != nil {
			return err
		}
	}
	var answered time.Time
	trace := &httptrace.ClientTrace{GotFirstResponseByte: func() { answered = p.Clock.Now() }}
	err := request(httptrace.WithClientTrace(ctx, trace))
	if answered.IsZero() {
		answered = p.Clock.Now()
	}
	if len(p.answered) == p.Limit {
		p.answered = slices.Delete(p.answered, 0, 1)
	}
	p.answered = append(p.answered, answered)
	return err
}

// wait returns once the oldest of the last Limit requests left the window.
func (p *pace) wait(ctx context.Context) error {
	if len(p.answered) < p.Limit {
		return nil
	}
	for {
		left := p.answered[0].Add(p.Window + 1).Sub(p.Clock.Now()) // 1 ns: both ends are in
		if left <= 0 {
			return nil
		}
		if p.Waiting != nil {
			p.Waiting(left)
		}
		if err := p.Clock.Sleep(ctx, left); err != nil {
			return err
		}
	}
}

// load takes over what earlier processes asked. Requests follow one another,
// so each was answered before the next began, and the last one before now.
func (p *pace) load() error {
	if p.loaded || p.Journal == nil {
		return nil
	}
	now := p.Clock.Now()
	begun, err := p.Journal.Recent(now.Add(-p.Window))
	if err != nil {
		return err
	}
	for i := range begun {
		answered := now
		if i+1 < len(begun) && begun[i+1].Before(now) {
			answered = begun[i+1]
		}
		p.answered = append(p.answered, answered)
	}
	p.answered = p.answered[max(0, len(p.answered)-p.Limit):]
	p.loaded = true
	return nil
}
