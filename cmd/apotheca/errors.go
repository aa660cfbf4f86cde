package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"apotheca/internal/source"
)

// userError is something the user can mend: what is wrong, then what to type.
type userError struct {
	message, advice string
	code            int
	cause           error
	command         *cobra.Command // that was called wrongly, where it is known
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
	if errors.As(err, &request) && request.Hint != "" {
		return request.Hint
	}
	return hintOfSystem(err)
}

// hintOfSystem is what to do when the machine, not the data, stands in the way.
// DuckDB hands the system's words on, but not its error numbers.
func hintOfSystem(err error) string {
	says := func(number syscall.Errno) bool {
		return errors.Is(err, number) || strings.Contains(strings.ToLower(err.Error()), number.Error())
	}
	switch {
	case says(syscall.ENOSPC):
		return "make room on the disk, then the same command goes on from what is there; --dir names a folder elsewhere"
	case says(syscall.ENOTDIR):
		return "--dir must name a folder, or one that can be made"
	case says(syscall.EACCES), says(syscall.EROFS), says(syscall.EPERM):
		return "--dir must name a folder that you may write to"
	case strings.Contains(err.Error(), "not a valid DuckDB database file"):
		return "move that file away; apotheca run " + clinicalTrials + " --from load makes the warehouse again from the lake"
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
		if advice := hintOf(err); advice != "" {
			fmt.Fprintf(a.stderr, "hint: %s\n", advice)
		}
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
