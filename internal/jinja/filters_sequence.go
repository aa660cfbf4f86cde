package jinja

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// sequenceFilter gives the filters for lists and other iterables.
func sequenceFilter(name string) operation {
	switch name {
	case "batch":
		return batch
	case "dictsort":
		return dictSort
	case "first":
		return first
	case "groupby":
		return groupBy
	case "items":
		return mappingItems
	case "join":
		return join
	case "last":
		return last
	case "length", "count":
		return func(_ *State, v any, _ *arguments) (any, error) { n, err := length(v); return int64(n), err }
	case "list":
		return func(_ *State, v any, _ *arguments) (any, error) {
			e, err := Iterate(v)
			return newListOf(slices.Clone(e)), err
		}
	case "map":
		return mapFilter
	case "max":
		return extreme(1)
	case "min":
		return extreme(-1)
	case "random":
		return random
	case "reject":
		return selector{false, false}.filter
	case "rejectattr":
		return selector{true, false}.filter
	case "reverse":
		return reverse
	case "select":
		return selector{false, true}.filter
	case "selectattr":
		return selector{true, true}.filter
	case "slice":
		return columns
	case "sort":
		return sortFilter
	case "sum":
		return sum
	case "unique":
		return unique
	}
	return nil
}

// getter gives the function that takes an attribute: "a.b.0" descends, an int
// is an item.
func (s *State) getter(attr any) func(any) (any, error) {
	path, ok := attr.(string)
	if !ok {
		return func(v any) (any, error) { return s.Item(v, attr) }
	}
	var keys []any
	for _, part := range strings.Split(path, ".") {
		if i, err := strconv.ParseInt(part, 10, 64); err == nil && i >= 0 {
			keys = append(keys, i)
			continue
		}
		keys = append(keys, part)
	}
	return func(v any) (any, error) {
		var err error
		for _, k := range keys {
			if v, err = s.Item(v, k); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
}

// sortKey is what sort, unique, min, max and groupby compare by.
func (s *State) sortKey(attr any, caseSensitive bool) func(any) (any, error) {
	get := func(v any) (any, error) { return v, nil }
	if attr != nil {
		get = s.getter(attr)
	}
	if caseSensitive {
		return get
	}
	return func(v any) (any, error) {
		k, err := get(v)
		return folded(k), err
	}
}

func batch(_ *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	n := a.int(0, "linecount")
	fill := a.optional(1, "fill_with", nil)
	if err != nil || n < 1 {
		a.fail("batch() needs a positive number")
		return nil, err
	}
	var out []any
	for i := 0; i < len(elements); i += n {
		row := slices.Clone(elements[i:min(len(elements), i+n)])
		if fill != nil && n <= rangeMax {
			for len(row) < n {
				row = append(row, fill)
			}
		}
		out = append(out, &List{row})
	}
	return &generator{name: "batch", elements: out}, nil
}

// columns is the filter slice: n lists of nearly the same length.
func columns(_ *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	n := a.int(0, "slices")
	fill := a.optional(1, "fill_with", nil)
	if err != nil || n < 1 || n > rangeMax {
		a.fail("slice() needs a positive number")
		return nil, err
	}
	var out []any
	at := 0
	for i := range n {
		size := len(elements) / n
		short := i >= len(elements)%n
		if !short {
			size++
		}
		row := slices.Clone(elements[at : at+size])
		at += size
		if short && fill != nil {
			row = append(row, fill)
		}
		out = append(out, &List{row})
	}
	return &generator{name: "slice", elements: out}, nil
}

func dictSort(s *State, v any, a *arguments) (any, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, fmt.Errorf("dictsort needs a dict, not %s", TypeName(v))
	}
	sensitive := a.boolOr(0, "case_sensitive", false)
	by := a.textOr(1, "by", "key")
	reversed := a.boolOr(2, "reverse", false)
	place := map[string]int{"key": 0, "value": 1}
	i, ok := place[by]
	if !ok {
		return nil, fmt.Errorf("you can only sort by either 'key' or 'value'")
	}
	out, err := s.sorted(d.items(), reversed, func(e any) (any, error) {
		if k := e.(*Tuple).V[i]; sensitive {
			return k, nil
		}
		return folded(e.(*Tuple).V[i]), nil
	})
	return &List{out}, err
}

func first(s *State, v any, _ *arguments) (any, error) {
	if g, ok := v.(*generator); ok {
		// Takes one element and leaves the others in the generator.
		if len(g.elements) > 0 {
			e := g.elements[0]
			g.elements = g.elements[1:]
			return e, nil
		}
		v = &List{}
	}
	elements, err := Iterate(v)
	if err != nil || len(elements) == 0 {
		return Undefined{hint: "no first item, sequence was empty"}, err
	}
	return elements[0], nil
}

func last(_ *State, v any, _ *arguments) (any, error) {
	if _, ok := v.(*generator); ok {
		return nil, fmt.Errorf("'generator' object is not reversible")
	}
	elements, err := Iterate(v)
	if err != nil || len(elements) == 0 {
		return Undefined{hint: "no last item, sequence was empty"}, err
	}
	return elements[len(elements)-1], nil
}

func random(_ *State, v any, _ *arguments) (any, error) {
	elements, err := Iterate(v)
	if err != nil || len(elements) == 0 {
		return Undefined{hint: "no random item, sequence was empty"}, err
	}
	return elements[rand.IntN(len(elements))], nil
}

// group is a pair that also answers to grouper and list.
type group struct {
	key any
	of  *List
}

func (g *group) Iter() []any { return []any{g.key, g.of} }
func (g *group) GetAttr(name string) (any, bool) {
	switch name {
	case "grouper":
		return g.key, true
	case "list":
		return g.of, true
	}
	return nil, false
}

func (g *group) GetItem(key any) (any, bool) {
	i, ok := integer(key)
	if !ok || i < 0 || i > 1 {
		return nil, false
	}
	return g.Iter()[i], true
}

func (g *group) print(p *printer) { p.repr(&Tuple{g.Iter()}) }
func (g *group) typeName() string { return "_GroupTuple" }

func groupBy(s *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	attr := a.required(0, "attribute")
	def := a.optional(1, "default", nil)
	sensitive := a.boolOr(2, "case_sensitive", false)
	if err != nil || a.err != nil {
		return nil, err
	}
	get := s.getter(attr)
	key := func(e any) (any, error) {
		k, err := get(e)
		if _, undefined := k.(Undefined); undefined && def != nil {
			k = def
		}
		if !sensitive {
			return folded(k), err
		}
		return k, err
	}
	ordered, err := s.sorted(elements, false, key)
	if err != nil {
		return nil, err
	}
	var out []any
	var open *group
	var at any
	for _, e := range ordered {
		k, err := key(e)
		if err != nil {
			return nil, err
		}
		if open == nil || !Equal(k, at) {
			shown, err := get(e)
			if err != nil {
				return nil, err
			}
			if _, undefined := shown.(Undefined); undefined {
				shown = k
			}
			open, at = &group{shown, &List{}}, k
			out = append(out, open)
		}
		open.of.V = append(open.of.V, e)
	}
	return &List{out}, nil
}

func mappingItems(_ *State, v any, _ *arguments) (any, error) {
	switch d := v.(type) {
	case *Dict:
		return &generator{name: "items", elements: d.items()}, nil
	case Undefined:
		return &generator{name: "items"}, nil
	}
	return nil, fmt.Errorf("can only get item pairs from a mapping")
}

func join(s *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	sep, err := s.text(a.optional(0, "d", ""))
	if err != nil {
		return nil, err
	}
	get := func(v any) (any, error) { return v, nil }
	if attr := a.optional(1, "attribute", nil); attr != nil {
		get = s.getter(attr)
	}
	var b strings.Builder
	for i, e := range elements {
		if e, err = get(e); err != nil {
			return nil, err
		}
		t, err := s.text(e)
		if err == nil {
			err = s.fits(b.Len() + len(sep) + len(t))
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

func mapFilter(s *State, v any, a *arguments) (any, error) {
	args, kw := a.rest(0), a.keywords()
	if attr, ok := kw.Get("attribute"); ok && len(args) == 0 {
		get := s.getter(attr)
		def, hasDefault := kw.Get("default")
		return s.generate("map", v, func(e any) (any, bool, error) {
			r, err := get(e)
			if _, undefined := r.(Undefined); undefined && hasDefault {
				r = def
			}
			return r, true, err
		})
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("map requires a filter argument")
	}
	name := Str(args[0])
	op := builtinFilter(name)
	return s.generate("map", v, func(e any) (any, bool, error) {
		r, err := s.use("filter", s.Filters, name, op, e, args[1:], kw)
		return r, true, err
	})
}

// extreme is max (1) or min (-1).
func extreme(sign int) operation {
	return func(s *State, v any, a *arguments) (any, error) {
		elements, err := Iterate(v)
		sensitive := a.boolOr(0, "case_sensitive", false)
		key := s.sortKey(a.optional(1, "attribute", nil), sensitive)
		if err != nil || len(elements) == 0 {
			return Undefined{hint: "no aggregated item, sequence was empty"}, err
		}
		best := elements[0]
		bestKey, err := key(best)
		if err != nil {
			return nil, err
		}
		for _, e := range elements[1:] {
			k, err := key(e)
			if err != nil {
				return nil, err
			}
			c, err := Compare(k, bestKey)
			if err != nil {
				return nil, err
			}
			if c*sign > 0 {
				best, bestKey = e, k
			}
		}
		return best, s.spend(len(elements))
	}
}

func reverse(_ *State, v any, _ *arguments) (any, error) {
	if text, ok := v.(string); ok {
		r := []rune(text)
		slices.Reverse(r)
		return string(r), nil
	}
	elements, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(elements)
	slices.Reverse(out)
	return &generator{name: "reversed", elements: out}, nil
}

func sortFilter(s *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	reversed := a.boolOr(0, "reverse", false)
	sensitive := a.boolOr(1, "case_sensitive", false)
	key := s.sortKey(nil, sensitive)
	switch attr := a.optional(2, "attribute", nil).(type) {
	case nil:
	case string:
		var names []any
		for _, n := range strings.Split(attr, ",") {
			names = append(names, n)
		}
		key = s.sortKeys(names, sensitive)
	default:
		key = s.sortKeys([]any{attr}, sensitive)
	}
	out, err := s.sorted(elements, reversed, key)
	return &List{out}, err
}

// sortKeys compares by attributes, as sort(attribute="a,b"). Being elements of a
// tuple, missing ones are equal to each other; alone they could not be compared.
func (s *State) sortKeys(attrs []any, sensitive bool) func(any) (any, error) {
	return func(v any) (any, error) {
		t := &Tuple{}
		for _, attr := range attrs {
			k, err := s.sortKey(attr, sensitive)(v)
			if err != nil {
				return nil, err
			}
			t.V = append(t.V, k)
		}
		return t, nil
	}
}

func sum(s *State, v any, a *arguments) (any, error) {
	elements, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	get := func(v any) (any, error) { return v, nil }
	if attr := a.optional(0, "attribute", nil); attr != nil {
		get = s.getter(attr)
	}
	total := a.optional(1, "start", int64(0))
	for _, e := range elements {
		if e, err = get(e); err != nil {
			return nil, err
		}
		if total, err = s.binary("+", total, e); err != nil {
			return nil, err
		}
	}
	return total, s.spend(len(elements))
}

func unique(s *State, v any, a *arguments) (any, error) {
	key := s.sortKey(a.optional(1, "attribute", nil), a.boolOr(0, "case_sensitive", false))
	seen := &Dict{}
	return s.generate("unique", v, func(e any) (any, bool, error) {
		k, err := key(e)
		if err == nil {
			err = hashable(k)
		}
		if err != nil {
			return nil, false, err
		}
		_, had := seen.Get(k)
		seen.Set(k, true)
		return e, !had, nil
	})
}
