package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Pos is a place in a template. Line and Column count from one; Column counts
// characters, not bytes.
type Pos struct{ Line, Column int }

// Call is one macro on the stack of an Error.
type Call struct {
	Macro    string
	Template string
	Pos      Pos // of the definition

	// Where the call was written; zero when the host made it.
	SiteTemplate string
	Site         Pos
}

// Error is every failure of parsing and rendering: the place, what is wrong and
// the macros that were running, the innermost first.
type Error struct {
	Msg      string
	Template string
	Pos      Pos
	Stack    []Call
	Cause    error // what a host function answered, for errors.As; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", e.Template, e.Pos.Line, e.Pos.Column, e.Msg)
	for _, c := range e.Stack {
		fmt.Fprintf(&b, "\n  > macro %s (%s:%d)", c.Macro, c.Template, c.Pos.Line)
		if c.Site.Line > 0 {
			fmt.Fprintf(&b, " called at %s:%d:%d", c.SiteTemplate, c.Site.Line, c.Site.Column)
		}
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// position turns a byte offset into line and column. Nodes keep offsets because
// a place is needed only when something fails.
func position(source string, offset int) Pos {
	before := source[:min(max(offset, 0), len(source))]
	line := strings.LastIndexByte(before, '\n') + 1
	return Pos{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[line:]) + 1,
	}
}

// Control flow travels as errors, so that one return path serves all statements.
var (
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

// returned carries the value of return() to the macro it leaves.
type returned struct{ value any }

func (*returned) Error() string { return "return() outside of a macro" }

// at gives an error its place. Errors that have one already, and control flow,
// pass unchanged.
func (s *State) at(err error, offset int) error {
	if err == nil || err == errBreak || err == errContinue {
		return err
	}
	switch e := err.(type) {
	case *returned:
		return err
	case *Error:
		s.markSite(e, offset)
		return err
	}
	return &Error{Msg: err.Error(), Template: s.template.Name, Pos: position(s.template.source, offset), Cause: err}
}

// markSite notes where the outermost macro known so far was called: the first
// expression an error passes on its way out of a macro is that call.
func (s *State) markSite(e *Error, offset int) {
	if n := len(e.Stack); n > 0 && e.Stack[n-1].Site.Line == 0 {
		e.Stack[n-1].SiteTemplate = s.template.Name
		e.Stack[n-1].Site = position(s.template.source, offset)
	}
}
