package jinja

import (
	"context"
	"fmt"
)

// UndefinedPolicy says what a name nobody defines does.
type UndefinedPolicy int

const (
	// UndefinedLenient prints nothing and is false; using its attributes or
	// items, calculating with it and calling it fail. Jinja's default.
	UndefinedLenient UndefinedPolicy = iota
	// UndefinedStrict also fails when printed.
	UndefinedStrict
	// UndefinedSilent answers itself to attributes, items and calls, as dbt's
	// parse phase needs for macros that are not loaded yet.
	UndefinedSilent
)

// Limits end runaway templates. A zero field means the default.
type Limits struct {
	Steps  int // work done: statements, calls, elements and bytes produced; 100 million
	Output int // bytes of one text; 64 MiB
	Depth  int // macros inside macros; 400
}

// Filter is a filter, or a test when its answer is read as true or false.
type Filter func(s *State, v any, args []any, kw *Dict) (any, error)

// State is one render: what the host gives to it and how far it has come.
//
// It carries its context as an http.Request does: host functions are called
// with a State and need nothing else.
type State struct {
	// Globals answers names that the template does not assign itself, before
	// the built-in functions (range, dict, namespace, cycler, joiner).
	Globals func(name string) (any, bool)
	// Undefined is the policy for names that are not found anywhere.
	Undefined UndefinedPolicy
	// Filters and Tests are found before the built-in ones.
	Filters map[string]Filter
	Tests   map[string]Filter
	Limits  Limits
	// Entered, if set, is called whenever a macro begins; Depth is then 1 for
	// a macro that no other macro called.
	Entered func(m *Macro)

	ctx      context.Context
	template *Template // whose text runs now, for the places in errors
	scope    string
	depth    int
	spent    int
	checkAt  int // the next amount of spent work at which limits are looked at
}

// NewState returns a State whose render ends when ctx is cancelled.
func NewState(ctx context.Context) *State { return &State{ctx: ctx} }

// Context is the context of the render.
func (s *State) Context() context.Context { return s.ctx }

// Depth is how many macros are running.
func (s *State) Depth() int { return s.depth }

// Scope is the Scope of the macro that runs now; outside of macros, what
// SetScope said. State.Globals uses it to see names as that macro does.
func (s *State) Scope() string { return s.scope }

// SetScope sets what Scope answers outside of macros.
func (s *State) SetScope(scope string) { s.scope = scope }

const (
	defaultSteps  = 100_000_000
	defaultOutput = 64 << 20
	defaultDepth  = 400
	// checkEvery is how much work passes between two looks at the context:
	// rarely enough to cost nothing, often enough to stop within a millisecond.
	checkEvery = 4096
)

// spend counts work and ends the render when there was too much of it.
func (s *State) spend(n int) error {
	s.spent += n
	if s.spent < s.checkAt {
		return nil
	}
	s.checkAt = s.spent + checkEvery
	if limit := orDefault(s.Limits.Steps, defaultSteps); s.spent > limit || s.spent < 0 {
		return fmt.Errorf("template did more than %d steps", limit)
	}
	if s.ctx != nil && s.ctx.Err() != nil {
		return fmt.Errorf("render template: %w", context.Cause(s.ctx))
	}
	return nil
}

// fits fails when a text of n bytes would be too large, before it is built.
func (s *State) fits(n int) error {
	if limit := orDefault(s.Limits.Output, defaultOutput); n > limit || n < 0 {
		return fmt.Errorf("text is longer than %d bytes", limit)
	}
	return s.spend(n / 16)
}

// produced accounts for a value an operation built.
func (s *State) produced(v any) error {
	switch x := v.(type) {
	case string:
		return s.fits(len(x))
	case *List:
		return s.spend(len(x.V))
	case *Tuple:
		return s.spend(len(x.V))
	}
	return nil
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

// undefined is the value of a name that was not found.
func (s *State) undefined(name string) Undefined {
	return Undefined{Name: name, silent: s.Undefined == UndefinedSilent}
}

// text is str(v) within the limits of the render.
func (s *State) text(v any) (string, error) {
	if str, ok := v.(string); ok {
		return str, nil
	}
	p := printer{limit: orDefault(s.Limits.Output, defaultOutput)}
	p.str(v)
	if p.full {
		return "", s.fits(p.limit + 1)
	}
	return p.b.String(), s.spend(p.b.Len() / 16)
}
