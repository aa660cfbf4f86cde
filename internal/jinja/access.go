package jinja

import (
	"fmt"
	"strings"
)

// Attr is value.name: an attribute or method, else an item of that key.
func (s *State) Attr(value any, name string) (any, error) {
	switch v := value.(type) {
	case Undefined:
		return s.ofUndefined(v)
	case Object:
		if r, ok := v.GetAttr(name); ok {
			return r, nil
		}
	}
	if m := method(value, name); m != nil {
		return &boundMethod{value, name, m}, nil
	}
	switch v := value.(type) {
	case *Dict:
		if r, ok := v.Get(name); ok {
			return r, nil
		}
	case Itemer:
		if r, ok := v.GetItem(name); ok {
			return r, nil
		}
	default:
		if r, ok := numberAttr(value, name); ok {
			return r, nil
		}
	}
	return Undefined{Name: name, owner: owner(value), silent: s.Undefined == UndefinedSilent}, nil
}

// Item is value[key]: an item, else an attribute of that name.
func (s *State) Item(value, key any) (any, error) {
	switch v := value.(type) {
	case Undefined:
		return s.ofUndefined(v)
	case *Dict:
		if hashable(key) != nil {
			break
		}
		if r, ok := v.Get(key); ok {
			return r, nil
		}
	case Itemer:
		if r, ok := v.GetItem(key); ok {
			return r, nil
		}
	case *List, *Tuple, string:
		if i, ok := integer(key); ok {
			return s.element(value, i)
		}
	}
	name, ok := key.(string)
	if !ok {
		return Undefined{
			Name: Str(key),
			hint: owner(value) + " has no element " + Repr(key), silent: s.Undefined == UndefinedSilent,
		}, nil
	}
	if o, ok := value.(Object); ok {
		if r, ok := o.GetAttr(name); ok {
			return r, nil
		}
	}
	if m := method(value, name); m != nil {
		return &boundMethod{value, name, m}, nil
	}
	if r, ok := numberAttr(value, name); ok {
		return r, nil
	}
	return Undefined{Name: name, owner: owner(value), silent: s.Undefined == UndefinedSilent}, nil
}

// ofUndefined is what an attribute, item or call of an undefined value gives.
func (s *State) ofUndefined(u Undefined) (any, error) {
	if u.silent {
		return u, nil
	}
	return nil, u.err()
}

func (s *State) element(value any, i int64) (any, error) {
	var elements []any
	switch v := value.(type) {
	case *List:
		elements = v.V
	case *Tuple:
		elements = v.V
	case string:
		elements, _ = Iterate(v)
		if err := s.spend(len(elements)); err != nil {
			return nil, err
		}
	}
	at := i
	if at < 0 {
		at += int64(len(elements))
	}
	if at < 0 || at >= int64(len(elements)) {
		return Undefined{
			Name: fmt.Sprint(i), hint: fmt.Sprintf("%s has no element %d", owner(value), i),
			silent: s.Undefined == UndefinedSilent,
		}, nil
	}
	return elements[at], nil
}

type attrExpr struct {
	value expr
	name  string
	pos   int
}

func (x *attrExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err = s.Attr(v, x.name)
	return v, s.at(err, x.pos)
}

type itemExpr struct {
	value, key expr
	pos        int
}

func (x *itemExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	k, err := x.key.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err = s.Item(v, k)
	return v, s.at(err, x.pos)
}

// sliceExpr is value[start:stop:step].
type sliceExpr struct {
	value, start, stop, step expr
	pos                      int
}

func (x *sliceExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	var bounds [3]any
	for i, e := range [3]expr{x.start, x.stop, x.step} {
		if e == nil {
			continue
		}
		if bounds[i], err = e.eval(s, f); err != nil {
			return nil, err
		}
	}
	r, err := s.slice(v, bounds)
	return r, s.at(err, x.pos)
}

func (s *State) slice(v any, bounds [3]any) (any, error) {
	switch u := v.(type) {
	case Undefined:
		return s.ofUndefined(u)
	case *Dict, *generator, *dictView:
		return nil, fmt.Errorf("'%s' object cannot be sliced", TypeName(v))
	case *rangeValue:
		return u.slice(bounds)
	}
	elements, err := Iterate(v)
	if err != nil {
		return nil, fmt.Errorf("'%s' object cannot be sliced", TypeName(v))
	}
	picked, err := sliced(elements, bounds)
	if err != nil {
		return nil, err
	}
	if err := s.spend(len(elements)); err != nil {
		return nil, err
	}
	switch v.(type) {
	case string:
		var b strings.Builder
		for _, e := range picked {
			b.WriteString(e.(string))
		}
		return b.String(), nil
	case *Tuple:
		return &Tuple{picked}, nil
	}
	return &List{picked}, nil
}

// Slice picks elements as values[start:stop:step] does; None is no bound.
func Slice(v []any, bounds [3]any) ([]any, error) { return sliced(v, bounds) }

// sliced picks elements by Python's rules for start, stop and step.
func sliced(v []any, bounds [3]any) ([]any, error) {
	start, stop, step, err := sliceIndices(int64(len(v)), bounds)
	if err != nil {
		return nil, err
	}
	var out []any
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		out = append(out, v[i])
	}
	return out, nil
}

// sliceIndices turns the bounds of a slice into places among n elements.
func sliceIndices(n int64, bounds [3]any) (start, stop, step int64, err error) {
	var b [3]int64
	for i, x := range bounds {
		k, ok := integer(x)
		if x != nil && !ok {
			return 0, 0, 0, fmt.Errorf("slice indices must be integers or None")
		}
		b[i] = k
	}
	step = b[2]
	switch {
	case bounds[2] == nil:
		step = 1
	case step == 0:
		return 0, 0, 0, fmt.Errorf("slice step cannot be zero")
	}
	// Larger steps pick the same single element and could run over.
	step = max(-n-1, min(step, n+1))
	low, high := int64(0), n
	if step < 0 {
		low, high = -1, n-1
	}
	clamp := func(i int64) int64 {
		if i < 0 {
			i += n
		}
		return max(low, min(i, high))
	}
	start, stop = low, high
	if step < 0 {
		start, stop = high, low
	}
	if bounds[0] != nil {
		start = clamp(b[0])
	}
	if bounds[1] != nil {
		stop = clamp(b[1])
	}
	return start, stop, step, nil
}
