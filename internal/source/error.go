package source

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind tells apart the ways in which a request comes to nothing.
type Kind string

const (
	// KindUnreachable: no connection came about, so nothing was asked.
	KindUnreachable Kind = "unreachable"
	// KindInterrupted: the connection broke before the answer was whole.
	KindInterrupted Kind = "interrupted"
	// KindTimeout: the registry fell silent.
	KindTimeout Kind = "timeout"
	// KindThrottled: the registry asks for fewer requests (429).
	KindThrottled Kind = "throttled"
	// KindServer: the registry failed (5xx, or 408).
	KindServer Kind = "server"
	// KindForbidden: something before the registry turns this client away (403).
	KindForbidden Kind = "forbidden"
	// KindStaleToken: the registry no longer takes the page token.
	KindStaleToken Kind = "stale_token"
	// KindRejected: the registry does not accept the request (other 3xx, 4xx).
	KindRejected Kind = "rejected"
	// KindMalformed: an answer that is not of the promised shape.
	KindMalformed Kind = "malformed"
)

// Error is a request that came to nothing.
type Error struct {
	Kind   Kind
	Status int // HTTP status; 0 without an answer
	// Cause is what happened, in words.
	Cause string
	// RetryAfter is how long the registry asked to wait; 0 when it did not say.
	RetryAfter time.Duration
	// Attempts is how often the request was made; 0 until Retry gave up on it.
	Attempts int
	// Hint says what to type; empty where there is nothing to type.
	Hint string
	// Err is the underlying error, nil when the answer itself was the error.
	Err error
}

func (e *Error) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s (gave up after %d attempts)", e.Cause, e.Attempts)
	}
	return e.Cause
}

func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed a moment later. It is
// the only place where that is decided.
//
// A malformed answer is in: what arrives with status 200 and is not the
// registry's JSON is most often a maintenance page or a cut-off body.
func (e *Error) Retryable() bool {
	switch e.Kind {
	case KindUnreachable, KindInterrupted, KindTimeout, KindThrottled, KindServer, KindMalformed:
		return true
	}
	return false
}

// IsStaleToken reports whether err says that a page token lost its meaning, so
// that the reading has to begin again.
func IsStaleToken(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindStaleToken
}

// kindOfStatus sorts an HTTP status. A 400 to a request that carries a token
// speaks of the token: the same parameters were accepted without it.
func kindOfStatus(status int, hasToken bool) Kind {
	switch {
	case status == http.StatusForbidden:
		return KindForbidden
	case status == http.StatusTooManyRequests:
		return KindThrottled
	case status == http.StatusRequestTimeout, status >= 500:
		return KindServer
	case status == http.StatusBadRequest && hasToken:
		return KindStaleToken
	}
	return KindRejected
}
