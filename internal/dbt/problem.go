package dbt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"apotheca/internal/jinja"
)

// Problem is one thing that is wrong in a project's files, or, among a
// project's warnings, suspicious.
type Problem struct {
	File      string // relative to the project; empty when there is none
	Line, Col int    // 0 when not known
	Message   string
	Hint      string // what to type, or empty
	// Event is the name of dbt's event for a warning, which --warn-error-options
	// goes by; empty for what dbt does not warn of.
	Event string
	// Data is what the event tells, by dbt's keys; nil is the message alone.
	Data map[string]any

	// Of an error of a template: the macros that were running, the innermost
	// first, the file from which they were called, and the error itself.
	macros []jinja.Call
	from   string
	cause  error
}

func (p Problem) Unwrap() error { return p.cause }

// Error is `file:line:col: message`, then the hint on a line of its own.
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.place() + ": ")
	}
	b.WriteString(p.Message)
	for _, c := range p.macros {
		fmt.Fprintf(&b, "\n  in macro %s (%s:%d)", c.Macro, c.Template, c.Pos.Line)
	}
	if p.from != "" {
		b.WriteString("\n  called from " + p.from)
	}
	if p.Hint != "" {
		b.WriteString("\n  hint: " + p.Hint)
	}
	return b.String()
}

// place is file:line:col, as far as it is known.
func (p Problem) place() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// deprecated is the warning of something that will go away, in dbt's words.
func (l *loader) deprecated(f file, n *yaml.Node, event, description string, data map[string]any) Problem {
	w := l.problemAt(f.shown, n, description, "")
	w.Event, w.Data = event, data
	return w
}

// Problems are all that is wrong in a project, in the order of its files.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Message, b.Message))
	})
	return ps
}
