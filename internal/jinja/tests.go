package jinja

import (
	"fmt"
	"math/big"
	"strings"
)

// builtinTest gives a test by name; nil when there is none.
func builtinTest(name string) operation {
	if op := typeTest(name); op != nil {
		return op
	}
	switch name {
	case "eq", "equalto", "==":
		return comparing("==")
	case "ne", "!=":
		return comparing("!=")
	case "lt", "lessthan", "<":
		return comparing("<")
	case "le", "<=":
		return comparing("<=")
	case "gt", "greaterthan", ">":
		return comparing(">")
	case "ge", ">=":
		return comparing(">=")
	case "in":
		return comparing("in")
	case "sameas":
		return func(_ *State, v any, a *arguments) (any, error) { return same(v, a.required(0, "other")), nil }
	case "odd":
		return remainder(2, 1)
	case "even":
		return remainder(2, 0)
	case "divisibleby":
		return func(s *State, v any, a *arguments) (any, error) {
			r, err := s.binary("%", v, a.required(0, "num"))
			return err == nil && Equal(r, int64(0)), err
		}
	case "filter":
		return func(s *State, v any, _ *arguments) (any, error) {
			_, ok := s.Filters[Str(v)]
			return ok || builtinFilter(Str(v)) != nil, nil
		}
	case "test":
		return func(s *State, v any, _ *arguments) (any, error) {
			_, ok := s.Tests[Str(v)]
			return ok || builtinTest(Str(v)) != nil, nil
		}
	}
	return nil
}

// typeTest gives the tests that look at a value alone.
func typeTest(name string) operation {
	switch name {
	case "none":
		return holdsFor(func(v any) bool { return v == nil })
	case "defined":
		return holdsFor(func(v any) bool { _, u := v.(Undefined); return !u })
	case "undefined":
		return holdsFor(func(v any) bool { _, u := v.(Undefined); return u })
	case "string":
		return holdsFor(func(v any) bool { _, ok := v.(string); return ok })
	case "boolean":
		return holdsFor(func(v any) bool { _, ok := v.(bool); return ok })
	case "true":
		return holdsFor(func(v any) bool { return v == true })
	case "false":
		return holdsFor(func(v any) bool { return v == false })
	case "integer":
		return holdsFor(func(v any) bool { _, ok := v.(int64); return ok || isBig(v) })
	case "float":
		return holdsFor(func(v any) bool { _, ok := v.(float64); return ok })
	case "number":
		return holdsFor(isNumber)
	case "mapping":
		return holdsFor(isMapping)
	case "sequence":
		return holdsFor(isSequence)
	case "iterable":
		return holdsFor(isIterable)
	case "callable":
		return holdsFor(func(v any) bool { _, ok := v.(Callable); return ok })
	case "lower":
		return holdsFor(func(v any) bool { s := Str(v); return s == strings.ToLower(s) && s != strings.ToUpper(s) })
	case "upper":
		return holdsFor(func(v any) bool { s := Str(v); return s == strings.ToUpper(s) && s != strings.ToLower(s) })
	case "escaped":
		return holdsFor(func(any) bool { return false })
	}
	return nil
}

func holdsFor(f func(any) bool) operation {
	return func(_ *State, v any, _ *arguments) (any, error) { return f(v), nil }
}

func isNumber(v any) bool {
	switch v.(type) {
	case bool, int64, *big.Int, float64, Decimal:
		return true
	}
	return false
}

func isMapping(v any) bool {
	if m, ok := v.(Mapping); ok {
		return m.IsMapping()
	}
	_, ok := v.(*Dict)
	return ok
}

// isSequence follows jinja: what has a length and items, dicts included.
func isSequence(v any) bool {
	switch v.(type) {
	case string, *List, *Tuple, *Dict, Undefined, *rangeValue:
		return true
	case *Namespace:
		return false
	}
	_, items := v.(Itemer)
	_, elements := v.(Iterable)
	return items && elements
}

func isIterable(v any) bool {
	switch v.(type) {
	case Iterable, Iterator:
		return true // without taking the elements of a generator
	}
	_, err := Iterate(v)
	return err == nil
}

func comparing(op string) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		other := a.required(0, "other")
		if a.err != nil {
			return nil, nil
		}
		return holds(op, v, other)
	}
}

func remainder(by, want int64) operation {
	return func(s *State, v any, _ *arguments) (any, error) {
		if _, ok := v.(string); ok {
			return nil, fmt.Errorf("not all arguments converted during string formatting")
		}
		r, err := s.binary("%", v, by)
		return err == nil && Equal(r, want), err
	}
}

// same is Python's `is`, with small values always the same object.
func same(a, b any) bool {
	switch a.(type) {
	case nil, bool, int64, float64, string:
		return TypeName(a) == TypeName(b) && Equal(a, b)
	}
	return identical(a, b)
}
