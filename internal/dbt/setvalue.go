package dbt

import (
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// setValue is Python's set in templates: each element once, equal to a set of
// the same elements whatever their order. It keeps the order of first sight.
type setValue struct{ elements *jinja.Dict }

func newSet(items []any) setValue {
	s := setValue{jinja.NewDict()}
	for _, v := range items {
		s.elements.Set(v, true)
	}
	return s
}

func (s setValue) Iter() []any { return keysIn(s.elements) }
func (s setValue) Truth() bool { return s.elements.Len() > 0 }

func (s setValue) Str() string {
	if s.elements.Len() == 0 {
		return "set()"
	}
	return "{" + strings.Join(s.reprs(), ", ") + "}"
}

func (s setValue) Hash() string {
	all := s.reprs()
	slices.Sort(all)
	return "set:" + strings.Join(all, ",")
}

func (s setValue) reprs() []string {
	var all []string
	for _, v := range s.Iter() {
		all = append(all, jinja.Repr(v))
	}
	return all
}

// Operate is a - b, a | b, a & b and a ^ b.
func (s setValue) Operate(op string, other any, reflected bool) (any, bool) {
	o, ok := other.(setValue)
	if !ok || reflected {
		return nil, false
	}
	name, ok := map[string]string{"-": "difference", "|": "union", "&": "intersection", "^": "symmetric_difference"}[op]
	if !ok {
		return nil, false
	}
	return s.combine(name, o), true
}

func (s setValue) combine(name string, o setValue) setValue {
	keep := func(from, other setValue, in bool) []any {
		var out []any
		for _, v := range from.Iter() {
			if _, found := other.elements.Get(v); found == in {
				out = append(out, v)
			}
		}
		return out
	}
	switch name {
	case "union":
		return newSet(append(s.Iter(), o.Iter()...))
	case "intersection":
		return newSet(keep(s, o, true))
	case "difference":
		return newSet(keep(s, o, false))
	}
	return newSet(append(keep(s, o, false), keep(o, s, false)...))
}

func (s setValue) GetAttr(name string) (any, bool) {
	switch name {
	case "union", "intersection", "difference", "symmetric_difference":
		return s.withSets(func(o setValue) any { return s.combine(name, o) }, func() any { return newSet(s.Iter()) }), true
	case "issubset":
		return s.withSets(func(o setValue) any { return !s.combine("difference", o).Truth() }, nil), true
	case "issuperset":
		return s.withSets(func(o setValue) any { return !o.combine("difference", s).Truth() }, nil), true
	case "isdisjoint":
		return s.withSets(func(o setValue) any { return !s.combine("intersection", o).Truth() }, nil), true
	case "update":
		return s.withSets(func(o setValue) any {
			for _, v := range o.Iter() {
				s.elements.Set(v, true)
			}
			return nil
		}, nil), true
	case "copy":
		return function(func([]any, *jinja.Dict) (any, error) { return newSet(s.Iter()), nil }), true
	case "difference_update", "intersection_update", "symmetric_difference_update":
		return s.withSets(func(o setValue) any {
			s.become(s.combine(strings.TrimSuffix(name, "_update"), o))
			return nil
		}, nil), true
	case "clear":
		return function(func([]any, *jinja.Dict) (any, error) {
			s.become(newSet(nil))
			return nil, nil
		}), true
	case "pop":
		return function(func([]any, *jinja.Dict) (any, error) {
			if s.elements.Len() == 0 {
				return nil, fmt.Errorf("pop from an empty set")
			}
			v, _ := s.elements.At(0)
			s.elements.Del(v)
			return v, nil
		}), true
	case "add":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			v := argument(a, kw, 0, "elem", nil)
			if err := jinja.Hashable(v); err != nil {
				return nil, err
			}
			s.elements.Set(v, true)
			return nil, nil
		}), true
	case "discard", "remove":
		return function(func(a []any, kw *jinja.Dict) (any, error) {
			v := argument(a, kw, 0, "elem", nil)
			if _, there := s.elements.Get(v); !there && name == "remove" {
				return nil, fmt.Errorf("%s", jinja.Repr(v))
			}
			s.elements.Del(v)
			return nil, nil
		}), true
	}
	return nil, false
}

// become changes the set in place: others hold it too.
func (s setValue) become(o setValue) { s.elements.Become(o.elements) }

// Holds is <=, <, >= and >, which ask what is part of what.
func (s setValue) Holds(op string, other any) (holds, ok bool) {
	o, ok := other.(setValue)
	if !ok {
		return false, false
	}
	switch op {
	case ">", ">=":
		return o.Holds(map[string]string{">": "<", ">=": "<="}[op], s)
	}
	part := !s.combine("difference", o).Truth()
	return part && (op == "<=" || s.elements.Len() < o.elements.Len()), true
}

func (setValue) TypeName() string { return "set" }

// withSets is a method that takes anything with elements.
func (s setValue) withSets(f func(setValue) any, without func() any) jinja.Func {
	return function(func(a []any, _ *jinja.Dict) (any, error) {
		if len(a) == 0 && without != nil {
			return without(), nil
		}
		var all []any
		for _, v := range a {
			items, err := jinja.Iterate(v)
			if err != nil {
				return nil, err
			}
			all = append(all, items...)
		}
		return f(newSet(all)), nil
	})
}
