package jinja

import (
	"fmt"
	"math"
	"slices"
)

// operation is a built-in filter, test, method or function: value is what it is
// applied to, nil for functions.
type operation func(s *State, value any, a *arguments) (any, error)

// operate runs an operation and checks that it was called rightly. Which
// arguments there are follows from which ones the operation asked for.
func (s *State) operate(name string, op operation, value any, args []any, kw *Dict) (any, error) {
	a := arguments{name: name, args: args, kw: kw}
	v, err := op(s, value, &a)
	// An argument that is missing or of a wrong type is the cause of what failed after.
	if a.err != nil {
		return nil, a.err
	}
	if err == nil {
		err = a.unused()
	}
	if err == nil {
		err = s.spend(1)
	}
	if err == nil {
		err = s.produced(v)
	}
	return v, err
}

// arguments are those of one call. The first problem is kept in err; the
// operation may go on with zero values, since operate looks at err.
type arguments struct {
	name   string
	args   []any
	kw     *Dict
	err    error
	asked  []string
	places int
}

func (a *arguments) fail(format string, v ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, v...)
	}
}

// keywordOnly is the place of an argument that is given by name alone.
const keywordOnly = -1

// find gives the argument at a place or of a name.
func (a *arguments) find(i int, name string) (any, bool) {
	a.places = max(a.places, i+1)
	if a.kw != nil {
		a.asked = append(a.asked, name)
		if v, ok := a.kw.Get(name); ok {
			return v, true
		}
	}
	if i >= 0 && i < len(a.args) {
		return a.args[i], true
	}
	return nil, false
}

func (a *arguments) optional(i int, name string, def any) any {
	if v, ok := a.find(i, name); ok {
		return v
	}
	return def
}

func (a *arguments) required(i int, name string) any {
	v, ok := a.find(i, name)
	if !ok {
		a.fail("%s() missing required argument '%s'", a.name, name)
	}
	return v
}

// text is a required string.
func (a *arguments) text(i int, name string) string {
	v := a.required(i, name)
	s, ok := v.(string)
	if !ok {
		if u, undefined := v.(Undefined); undefined && a.err == nil {
			a.err = u.err()
		}
		a.fail("%s() argument '%s' must be str, not %s", a.name, name, TypeName(v))
	}
	return s
}

// textOr is an optional string; None stands for the default.
func (a *arguments) textOr(i int, name, def string) string {
	if v, ok := a.find(i, name); !ok || v == nil {
		return def
	}
	return a.text(i, name)
}

func (a *arguments) int(i int, name string) int {
	v := a.required(i, name)
	n, ok := integer(v)
	if !ok {
		a.fail("%s() argument '%s' must be int, not %s", a.name, name, TypeName(v))
	}
	return int(max(math.MinInt32, min(n, math.MaxInt32)))
}

func (a *arguments) intOr(i int, name string, def int) int {
	if v, ok := a.find(i, name); !ok || v == nil {
		return def
	}
	return a.int(i, name)
}

func (a *arguments) boolOr(i int, name string, def bool) bool {
	return Truth(a.optional(i, name, def))
}

// elements are those of a required iterable.
func (a *arguments) elements(i int, name string) []any {
	v, err := Iterate(a.required(i, name))
	if err != nil {
		a.fail("%w", err)
	}
	return v
}

// rest are all arguments from a place on.
func (a *arguments) rest(i int) []any {
	a.places = math.MaxInt
	return a.args[min(i, len(a.args)):]
}

// keywords are all named arguments.
func (a *arguments) keywords() *Dict {
	kw := a.kw
	a.kw = nil
	return kw
}

func (a *arguments) unused() error {
	if len(a.args) > a.places {
		return fmt.Errorf("%s() takes at most %d arguments (%d given)", a.name, a.places, len(a.args))
	}
	if a.kw == nil {
		return nil
	}
	for _, e := range a.kw.entries {
		if name, _ := e.key.(string); !slices.Contains(a.asked, name) {
			return fmt.Errorf("%s() got an unexpected keyword argument '%s'", a.name, name)
		}
	}
	return nil
}
