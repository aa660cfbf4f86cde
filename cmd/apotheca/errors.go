package main

import (
	"context"
	"errors"
	"fmt"

	"apotheca/internal/source"
)

// userError is something the user can mend: what is wrong, then what to type.
type userError struct {
	message, advice string
	code            int
	cause           error
}

func usagef(format string, args ...any) *userError {
	return &userError{message: fmt.Sprintf(format, args...), code: exitUsage}
}

func (e *userError) hint(format string, args ...any) *userError {
	e.advice = fmt.Sprintf(format, args...)
	return e
}

func (e *userError) Error() string { return e.message }
func (e *userError) Unwrap() error { return e.cause }

// Hint is what to type.
func (e *userError) Hint() string { return e.advice }

// errFailed ends a command whose report already said what failed.
var errFailed = errors.New("failed")

// hinted is an error of any package that knows what the user can do.
type hinted interface {
	error
	Hint() string
}

// hintOf is what the innermost knowing package advises.
func hintOf(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.Hint()
	}
	var request *source.Error
	if errors.As(err, &request) {
		return request.Hint
	}
	return ""
}

// exit prints the error as a user reads it and gives the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(context.Cause(ctx), errInterrupted):
		fmt.Fprintln(a.stderr, "interrupted; the next run continues from what is on disk")
		return exitInterrupted
	case errors.Is(err, errFailed):
		return exitFailed
	}
	fmt.Fprintf(a.stderr, "error: %v\n", err)
	if advice := hintOf(err); advice != "" {
		fmt.Fprintf(a.stderr, "hint: %s\n", advice)
	}
	var u *userError
	if errors.As(err, &u) {
		return u.code
	}
	return exitFailed
}
