package jinja

import (
	"fmt"
	"math/big"
)

// builtinFilter gives a filter by name; nil when there is none.
func builtinFilter(name string) operation {
	for _, group := range [...]func(string) operation{textFilter, sequenceFilter, valueFilter, pageFilter} {
		if op := group(name); op != nil {
			return op
		}
	}
	return nil
}

// valueFilter gives the filters for numbers and single values.
func valueFilter(name string) operation {
	switch name {
	case "abs":
		return absolute
	case "attr":
		return func(s *State, v any, a *arguments) (any, error) { return s.attribute(v, a.text(0, "name")) }
	case "default", "d":
		return defaulted
	case "float":
		return toFloat
	case "int":
		return toInt
	case "is_list":
		return func(_ *State, v any, _ *arguments) (any, error) { _, ok := v.(*List); return ok, nil }
	case "round":
		return round
	case "safe", "as_native", "as_text", "as_bool", "as_number":
		// Markers of dbt's YAML rendering: RenderNative looks at them.
		return func(_ *State, v any, _ *arguments) (any, error) { return v, nil }
	case "tojson":
		return toHTMLSafeJSON
	}
	return nil
}

// attribute is the filter attr: attributes only, never items.
func (s *State) attribute(v any, name string) (any, error) {
	switch x := v.(type) {
	case Undefined:
		return s.ofUndefined(x)
	case Object:
		if r, ok := x.GetAttr(name); ok {
			return r, nil
		}
	}
	if m := method(v, name); m != nil {
		return &boundMethod{v, name, m}, nil
	}
	return Undefined{Name: name, owner: owner(v), silent: s.Undefined == UndefinedSilent}, nil
}

func defaulted(_ *State, v any, a *arguments) (any, error) {
	def := a.optional(0, "default_value", "")
	falsy := a.boolOr(1, "boolean", false)
	if _, undefined := v.(Undefined); undefined || falsy && !Truth(v) {
		return def, nil
	}
	return v, nil
}

func absolute(s *State, v any, _ *arguments) (any, error) {
	switch n := v.(type) {
	case Undefined:
		return nil, n.err()
	case bool, int64, *big.Int, float64, Decimal:
		if c, _ := compareNumbers(v, int64(0)); c < 0 {
			return s.binary("-", int64(0), v)
		}
		if n == true {
			return int64(1), nil
		}
		if n == false {
			return int64(0), nil
		}
		return v, nil
	case Operand:
		if r, ok := n.Operate("abs", nil, false); ok {
			return r, nil
		}
	}
	return nil, fmt.Errorf("bad operand type for abs(): '%s'", TypeName(v))
}

// selector applies a test to elements, for select and reject and their attr forms.
type selector struct {
	byAttr bool
	want   bool
}

func (sel selector) filter(s *State, v any, a *arguments) (any, error) {
	args := a.rest(0)
	kw := a.keywords()
	key := func(e any) (any, error) { return e, nil }
	if sel.byAttr {
		if len(args) == 0 {
			return nil, fmt.Errorf("missing parameter for attribute name")
		}
		key = s.getter(args[0])
		args = args[1:]
	}
	holds := func(v any) (bool, error) { return Truth(v), nil }
	if len(args) > 0 {
		name, rest := Str(args[0]), args[1:]
		op := builtinTest(name)
		holds = func(v any) (bool, error) {
			r, err := s.use("test", s.Tests, name, op, v, rest, kw)
			return Truth(r), err
		}
	}
	name := map[selector]string{
		{false, true}: "select", {false, false}: "reject", {true, true}: "selectattr", {true, false}: "rejectattr",
	}[sel]
	return s.generate(name, v, func(e any) (any, bool, error) {
		k, err := key(e)
		if err != nil {
			return nil, false, err
		}
		ok, err := holds(k)
		return e, ok == sel.want, err
	})
}

// generate makes a generator of what f keeps of the elements.
func (s *State) generate(name string, v any, f func(e any) (r any, keep bool, err error)) (any, error) {
	if v == nil {
		// jinja's map, select and their kin take None for an empty sequence.
		return &generator{name: name}, nil
	}
	elements, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	out := make([]any, 0, len(elements))
	for _, e := range elements {
		r, keep, err := f(e)
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, r)
		}
	}
	return &generator{name: name, elements: out}, s.spend(len(elements))
}
