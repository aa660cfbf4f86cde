package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Policy says how often and how patiently. Zero values are defaults.
type Policy struct {
	Attempts int           // 8, the first one included
	Base     time.Duration // 1 s: the wait after the first failure
	Max      time.Duration // 1 min: the longest wait of our own choosing
	// MaxRetryAfter is the longest wait the registry may ask for; when it asks
	// for more, the request fails and says so. 10 min.
	MaxRetryAfter time.Duration
	Clock         Clock // SystemClock
	// Jitter gives numbers in [0, 1); rand.Float64.
	Jitter func() float64
	// Retrying is told before each wait, for the progress line and the log.
	Retrying func(attempt int, wait time.Duration, err error)
}

// malformedAttempts bounds how often an answer of the wrong shape is asked for
// again: a cut-off body mends itself at once or not at all.
const malformedAttempts = 3

// Retry wraps p so that a request which may succeed a moment later is made
// again: after exponentially longer waits with jitter, or after as long as the
// registry asks for.
//
// Until the registry has answered once, failing to reach it is final: a wrong
// address or a missing network is told at once and not after minutes.
func Retry(p Pager, policy Policy) Pager {
	if policy.Attempts == 0 {
		policy.Attempts = 8
	}
	if policy.Base == 0 {
		policy.Base = time.Second
	}
	if policy.Max == 0 {
		policy.Max = time.Minute
	}
	if policy.MaxRetryAfter == 0 {
		policy.MaxRetryAfter = 10 * time.Minute
	}
	if policy.Clock == nil {
		policy.Clock = SystemClock{}
	}
	if policy.Jitter == nil {
		policy.Jitter = rand.Float64
	}
	return &retry{next: p, Policy: policy}
}

type retry struct {
	Policy
	next    Pager
	reached bool
}

// Page implements Pager.
func (r *retry) Page(ctx context.Context, cursor string) (page Page, err error) {
	err = r.retried(ctx, func() (err error) {
		page, err = r.next.Page(ctx, cursor)
		return err
	})
	return page, err
}

// Version implements Pager.
func (r *retry) Version(ctx context.Context) (version Version, err error) {
	err = r.retried(ctx, func() (err error) {
		version, err = r.next.Version(ctx)
		return err
	})
	return version, err
}

func (r *retry) retried(ctx context.Context, request func() error) error {
	malformed := 0
	for attempt := 1; ; attempt++ {
		err := request()
		var failure *Error
		if !errors.As(err, &failure) {
			r.reached = r.reached || err == nil
			return err
		}
		if failure.Kind != KindUnreachable {
			r.reached = true
		}
		if failure.Kind == KindMalformed {
			malformed++
		}
		if malformed >= malformedAttempts || !r.again(failure, attempt) {
			final := *failure
			final.Attempts = attempt
			return &final
		}
		wait := r.delay(failure, attempt)
		if r.Retrying != nil {
			r.Retrying(attempt, wait, failure)
		}
		if err := r.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// again reports whether failure is worth another attempt.
func (r *retry) again(failure *Error, attempt int) bool {
	switch {
	case !failure.Retryable(), attempt >= r.Attempts:
		return false
	case failure.Kind == KindUnreachable:
		return r.reached
	case failure.RetryAfter > r.MaxRetryAfter:
		failure.Cause += fmt.Sprintf("; it asks to wait %s, longer than the %s that are waited",
			failure.RetryAfter, r.MaxRetryAfter)
		return false
	}
	return true
}

// delay is what the registry asks for, or a wait between half and the whole of
// a bound that doubles with each attempt: so that many clients which failed
// together do not come back together.
func (r *retry) delay(failure *Error, attempt int) time.Duration {
	if failure.RetryAfter > 0 {
		return failure.RetryAfter
	}
	bound := r.Max
	if shift := attempt - 1; shift < 30 && r.Base<<shift < r.Max {
		bound = r.Base << shift
	}
	return bound/2 + time.Duration(r.Jitter()*float64(bound/2))
}

// retryAfter reads the Retry-After header, seconds or a date; 0 when there is
// none, or none that can be read.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
