package jinja

import (
	"fmt"
	"slices"
)

// listMethod gives a method of Python's list. Those that change the list make a
// new slice or append, so that a loop over the old one goes on undisturbed.
func listMethod(name string) operation {
	switch name {
	case "append":
		return func(_ *State, v any, a *arguments) (any, error) {
			l := v.(*List)
			e := a.required(0, "object")
			if a.err == nil {
				l.V = append(l.V, e)
			}
			return nil, nil
		}
	case "extend":
		return func(s *State, v any, a *arguments) (any, error) {
			l := v.(*List)
			more := a.elements(0, "iterable")
			l.V = append(l.V, more...)
			return nil, s.spend(len(more))
		}
	case "insert":
		return listInsert
	case "pop":
		return listPop
	case "remove":
		return func(_ *State, v any, a *arguments) (any, error) {
			l := v.(*List)
			i := indexOf(l.V, a.required(0, "value"))
			if i < 0 {
				return nil, fmt.Errorf("list.remove(x): x not in list")
			}
			l.V = removed(l.V, i)
			return nil, nil
		}
	case "clear":
		return func(_ *State, v any, _ *arguments) (any, error) { v.(*List).V = nil; return nil, nil }
	case "copy":
		return func(_ *State, v any, _ *arguments) (any, error) { return &List{slices.Clone(v.(*List).V)}, nil }
	case "reverse":
		return func(_ *State, v any, _ *arguments) (any, error) {
			l := v.(*List)
			l.V = slices.Clone(l.V)
			slices.Reverse(l.V)
			return nil, nil
		}
	case "sort":
		return listSort
	case "index":
		return func(_ *State, v any, a *arguments) (any, error) { return find(v.(*List).V, a) }
	case "count":
		return func(_ *State, v any, a *arguments) (any, error) {
			return count(v.(*List).V, a.required(0, "value")), nil
		}
	}
	return nil
}

func tupleMethod(name string) operation {
	switch name {
	case "index":
		return func(_ *State, v any, a *arguments) (any, error) { return find(v.(*Tuple).V, a) }
	case "count":
		return func(_ *State, v any, a *arguments) (any, error) {
			return count(v.(*Tuple).V, a.required(0, "value")), nil
		}
	}
	return nil
}

func listInsert(_ *State, v any, a *arguments) (any, error) {
	l := v.(*List)
	i, e := a.int(0, "index"), a.required(1, "object")
	if a.err != nil {
		return nil, nil
	}
	if i < 0 {
		i += len(l.V)
	}
	i = max(0, min(i, len(l.V)))
	l.V = slices.Insert(slices.Clone(l.V), i, e)
	return nil, nil
}

func listPop(_ *State, v any, a *arguments) (any, error) {
	l := v.(*List)
	i := a.intOr(0, "index", -1)
	if len(l.V) == 0 {
		return nil, fmt.Errorf("pop from empty list")
	}
	if i < 0 {
		i += len(l.V)
	}
	if i < 0 || i >= len(l.V) {
		return nil, fmt.Errorf("pop index out of range")
	}
	e := l.V[i]
	l.V = removed(l.V, i)
	return e, nil
}

func listSort(s *State, v any, a *arguments) (any, error) {
	l := v.(*List)
	reversed := a.boolOr(keywordOnly, "reverse", false)
	key := func(e any) (any, error) { return e, nil }
	if f := a.optional(keywordOnly, "key", nil); f != nil {
		key = func(e any) (any, error) { return s.Call(f, []any{e}, nil) }
	}
	out, err := s.sorted(l.V, reversed, key)
	if err == nil {
		l.V = out
	}
	return nil, err
}

func removed(v []any, i int) []any {
	if i == len(v)-1 {
		// The common stack use stays cheap; clipped, so that the next append copies.
		return v[:i:i]
	}
	return append(slices.Clone(v[:i]), v[i+1:]...)
}

func indexOf(v []any, x any) int {
	return slices.IndexFunc(v, func(e any) bool { return Equal(e, x) })
}

func find(v []any, a *arguments) (any, error) {
	x := a.required(0, "value")
	i := indexOf(v, x)
	if i < 0 {
		return nil, fmt.Errorf("%s is not in list", Repr(x))
	}
	return int64(i), nil
}

func count(v []any, x any) int64 {
	n := int64(0)
	for _, e := range v {
		if Equal(e, x) {
			n++
		}
	}
	return n
}
