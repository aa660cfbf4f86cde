package dbt

import (
	"errors"
	"fmt"

	"apotheca/internal/jinja"
)

// Heading is dbt's word for a kind of error, with which its message begins.
type Heading string

// The headings of errors in nodes.
const (
	CompilationError Heading = "Compilation Error"
	DatabaseError    Heading = "Database Error"
	RuntimeError     Heading = "Runtime Error"
	ParsingError     Heading = "Parsing Error"
	FailFastError    Heading = "FailFast Error"
	// InternalError is of no node in particular.
	InternalError Heading = "Internal Error"
)

// A Complaint is an error of which it is known how dbt heads it. All others
// that come out of a node are errors of compilation.
type Complaint struct {
	Heading Heading
	Err     error
}

func (c *Complaint) Error() string { return c.Err.Error() }
func (c *Complaint) Unwrap() error { return c.Err }

// Failure is why a node failed, in the parts of dbt's message.
type Failure struct {
	Heading Heading
	Text    string
	// Macros were running, the innermost first: "macro m (macros/m.sql)". dbt
	// names those of errors of compilation, and not those of its own that we
	// do without.
	Macros []string
	// Place and Hint are what dbt leaves out: the line of the file, and what to
	// type. Empty where they are not known.
	Place, Hint string
}

// Explain takes apart why a node failed.
func (p *Project) Explain(err error) Failure {
	f := Failure{Heading: CompilationError, Text: err.Error()}
	var problem Problem
	if errors.As(err, &problem) {
		f.Text, f.Hint, f.Place = problem.Message, problem.Hint, p.placeOf(problem)
		f.Macros = p.written(problem.macros)
	}
	var c *Complaint
	var told Problem
	switch {
	case errors.As(err, &c):
		f.Heading, f.Text = c.Heading, c.Error()
		if errors.As(c.Err, &told) {
			f.Text = told.Message
		}
		if f.Heading != CompilationError {
			f.Macros = nil
		}
	case problem.cause == nil || errors.As(problem.cause, &told):
	case len(problem.macros) > 0: // jinja raised it, and dbt does not name the macro in which it did
		f.Macros = p.written(problem.macros[1:])
	case absent().MatchString(f.Text): // dbt takes what is missing for a macro, unless it is in one
		f.Text += ". This can happen when calling a macro that does not exist. " +
			`Check for typos and/or install package dependencies with "dbt deps".`
	}
	return f
}

// absent is what jinja says of names and values that are not there.
var absent = pattern(`^'[^']*' is undefined$|has no (attribute|element) \S+$`)

// written are the macros of a stack that somebody wrote in a project.
func (p *Project) written(stack []jinja.Call) []string {
	var names []string
	for _, c := range stack {
		if m := p.calledMacro(c); m != nil && !m.Builtin() {
			names = append(names, fmt.Sprintf("macro %s (%s)", m.Name, m.OriginalFilePath))
		}
	}
	return names
}

// placeOf is the innermost place of a problem in a file that somebody wrote.
func (p *Project) placeOf(problem Problem) string {
	at := problem
	for _, c := range problem.macros {
		m := p.calledMacro(c)
		switch {
		case m == nil || !m.Builtin():
			return at.place()
		case c.Site.Line == 0: // dbt's own, called by none
			return ""
		}
		at = Problem{File: c.SiteTemplate, Line: c.Site.Line, Col: c.Site.Column}
	}
	return at.place()
}

// calledMacro is the macro of a call on a stack.
func (p *Project) calledMacro(c jinja.Call) *Macro {
	for _, m := range p.Macros {
		if m.call != nil && m.Line == c.Pos.Line && m.call.Template == c.Template && m.call.Block.Name == c.Macro {
			return m
		}
	}
	return nil
}
