package dbt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
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
}

// Error is `file:line:col: message`, then the hint on a line of its own.
func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
			if p.Col > 0 {
				fmt.Fprintf(&b, ":%d", p.Col)
			}
		}
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("\n  hint: " + p.Hint)
	}
	return b.String()
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
