package jinja

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"
)

// Template is one parsed file. It never changes after Parse: any number of
// goroutines may render it at once.
type Template struct {
	Name   string
	Blocks []*Block // definitions in the order of the file
	body   []stmt
}

// Block is a named definition: macro, test (also written data_test),
// materialization, snapshot or docs.
type Block struct {
	Kind    string
	Name    string
	Adapter string         // of a materialization; "default" when not given
	Params  []Param        // of a macro or test
	Options map[string]any // constant options of a materialization
	Pos     Pos
	Text    string // the whole block, tags included
	Source  string // between the tags
	body    []stmt
}

// Param is one declared argument of a macro.
type Param struct {
	Name string
	def  expr
}

// HasDefault reports whether the argument may be left out without being undefined.
func (p Param) HasDefault() bool { return p.def != nil }

// Pos is a place in a template; both count from one.
type Pos struct{ Line, Column int }

// Call is one macro on the stack of an Error.
type Call struct {
	Macro    string
	Template string
	Pos      Pos // of the definition
}

// Error is every failure of parsing and rendering. Stack has the innermost macro first.
type Error struct {
	Msg      string
	Template string
	Pos      Pos
	Stack    []Call
	Cause    error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", e.Template, e.Pos.Line, e.Pos.Column, e.Msg)
	for _, c := range e.Stack {
		fmt.Fprintf(&b, "\n  > macro %s (%s:%d)", c.Macro, c.Template, c.Pos.Line)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// UndefinedPolicy says what a name nobody defines does.
type UndefinedPolicy int

const (
	// UndefinedLenient prints nothing and is false; using its attributes, items
	// or calling it fails. Jinja's default.
	UndefinedLenient UndefinedPolicy = iota
	// UndefinedStrict also fails when printed.
	UndefinedStrict
	// UndefinedSilent answers itself to attributes, items and calls: dbt's parse phase.
	UndefinedSilent
)

// Undefined is the value of a missing name, attribute or item.
type Undefined struct {
	Name   string
	silent bool
}

// Limits end runaway templates. Zero means the default.
type Limits struct {
	Steps  int // statements and expressions evaluated
	Output int // bytes of one rendered text
	Depth  int // macros inside macros
}

// Filter is a filter, or a test when its answer is read as true or false.
type Filter func(s *State, v any, args []any, kw *Dict) (any, error)

// State is one render, used by one goroutine. It carries the context as an
// http.Request does, because host functions are called with nothing else.
type State struct {
	Globals   func(name string) (any, bool) // names no scope of the template assigns
	Undefined UndefinedPolicy
	Filters   map[string]Filter // beside the built-in ones, and before them
	Tests     map[string]Filter
	Limits    Limits
	Entered   func(m *Macro) // called whenever a macro begins; Depth is 1 for an outermost one

	ctx   context.Context
	scope string
	depth int
}

// NewState returns a State that stops rendering when ctx is cancelled.
func NewState(ctx context.Context) *State { return &State{ctx: ctx} }

// Context is the render's.
func (s *State) Context() context.Context { return s.ctx }

// Scope is the Scope of the macro running now, or what SetScope said outside of macros.
func (s *State) Scope() string { return s.scope }

// SetScope says the scope of the template itself.
func (s *State) SetScope(scope string) { s.scope = scope }

// Depth is how many macros are running.
func (s *State) Depth() int { return s.depth }

// RenderNative renders as dbt renders YAML: a template that is one expression
// gives its value, anything else the text. A string stays a string unless the
// as_native, as_bool or as_number filter says otherwise.
func (t *Template) RenderNative(s *State) (any, error) {
	if len(t.body) == 1 {
		if o, ok := t.body[0].(*outStmt); ok {
			v, err := o.e.eval(s, &frame{})
			return v, at(err, o.line)
		}
	}
	return t.Render(s)
}

// FromGo turns plain Go data (from YAML or JSON) into template values: maps
// become Dicts with sorted keys, slices Lists, every integer int64.
func FromGo(v any) any {
	switch x := v.(type) {
	case int:
		return int64(x)
	case int32:
		return int64(x)
	case uint64:
		if x > math.MaxInt64 {
			return float64(x)
		}
		return int64(x)
	case float32:
		return float64(x)
	case []any:
		l := &List{V: make([]any, len(x))}
		for i, e := range x {
			l.V[i] = FromGo(e)
		}
		return l
	case []string:
		return strs(x)
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		d := NewDict()
		for _, k := range keys {
			d.Set(k, FromGo(x[k]))
		}
		return d
	}
	return v
}

// ToGo is the way back: Dicts become map[string]any, Lists and Tuples []any.
func ToGo(v any) any {
	switch x := v.(type) {
	case *List:
		return toGoSlice(x.V)
	case *Tuple:
		return toGoSlice(x.V)
	case *Dict:
		m := make(map[string]any, x.Len())
		for i, k := range x.keys {
			m[Str(k)] = ToGo(x.vals[i])
		}
		return m
	case Undefined:
		return nil
	}
	return v
}

func toGoSlice(v []any) []any {
	out := make([]any, len(v))
	for i, e := range v {
		out[i] = ToGo(e)
	}
	return out
}
