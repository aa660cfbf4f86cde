package jinja

import (
	"errors"
	"fmt"
	"math"
)

// function is a built-in as a value.
type function struct {
	name string
	op   operation
}

// Call calls the function.
func (f *function) Call(s *State, args []any, kw *Dict) (any, error) {
	return s.operate(f.name, f.op, nil, args, kw)
}

func (f *function) typeName() string { return "function" }

// GetAttr gives what classes have besides being called: dict.fromkeys.
func (f *function) GetAttr(name string) (any, bool) {
	if f.name == "dict" && name == "fromkeys" {
		return &function{name, dictFromKeys}, true
	}
	return nil, false
}

// builtinGlobal gives the functions every template has. The host may replace
// them by its own.
func builtinGlobal(name string) (any, bool) {
	var op operation
	switch name {
	case "range":
		op = newRange
	case "dict":
		op = newDict
	case "namespace":
		op = newNamespace
	case "cycler":
		op = newCycler
	case "joiner":
		op = newJoiner
	default:
		return nil, false
	}
	return &function{name, op}, true
}

// rangeMax is the longest range dbt's sandbox allows.
const rangeMax = 100_000

type rangeValue struct{ start, stop, step int64 }

func newRange(_ *State, _ any, a *arguments) (any, error) {
	bounds := a.rest(0)
	r := &rangeValue{step: 1}
	var n [3]int64
	for i, v := range bounds {
		k, ok := integer(v)
		if !ok {
			return nil, fmt.Errorf("'%s' object cannot be interpreted as an integer", TypeName(v))
		}
		if i < len(n) {
			n[i] = k
		}
	}
	switch len(bounds) {
	case 1:
		r.stop = n[0]
	case 2:
		r.start, r.stop = n[0], n[1]
	case 3:
		r.start, r.stop, r.step = n[0], n[1], n[2]
	default:
		return nil, fmt.Errorf("range expected 1 to 3 arguments, got %d", len(bounds))
	}
	if r.step == 0 {
		return nil, errors.New("range() arg 3 must not be zero")
	}
	if r.size() > rangeMax {
		return nil, fmt.Errorf("Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", rangeMax) //nolint:staticcheck // jinja's words
	}
	return r, nil
}

// size is the number of elements; in floating point, as it may be astronomical.
func (r *rangeValue) size() float64 {
	return max(0, math.Ceil((float64(r.stop)-float64(r.start))/float64(r.step)))
}

func (r *rangeValue) len() int { return int(r.size()) }

func (r *rangeValue) Iter() []any {
	out := make([]any, r.len())
	for i := range out {
		out[i] = r.start + int64(i)*r.step
	}
	return out
}

func (r *rangeValue) GetItem(key any) (any, bool) {
	i, ok := integer(key)
	if !ok {
		return nil, false
	}
	n := int64(r.len())
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil, false
	}
	return r.start + i*r.step, true
}

// slice is a range again.
func (r *rangeValue) slice(bounds [3]any) (any, error) {
	start, stop, step, err := sliceIndices(int64(r.len()), bounds)
	return &rangeValue{r.start + start*r.step, r.start + stop*r.step, r.step * step}, err
}

func (r *rangeValue) Truth() bool { return r.len() > 0 }

func (r *rangeValue) Str() string {
	if r.step == 1 {
		return fmt.Sprintf("range(%d, %d)", r.start, r.stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", r.start, r.stop, r.step)
}

func (r *rangeValue) typeName() string { return "range" }

func newDict(_ *State, _ any, a *arguments) (any, error) {
	d := &Dict{}
	if v, ok := a.find(0, ""); ok {
		if err := d.merge(v); err != nil {
			return nil, err
		}
	}
	if kw := a.keywords(); kw != nil {
		return d, d.merge(kw)
	}
	return d, nil
}

// Namespace is what namespace() makes: the one value whose attributes a
// template can set, and so the way out of the scope of a loop.
type Namespace struct{ values *Dict }

func newNamespace(s *State, _ any, a *arguments) (any, error) {
	d, err := newDict(s, nil, a)
	if err != nil {
		return nil, err
	}
	return &Namespace{d.(*Dict)}, nil
}

// GetAttr gives an attribute.
func (n *Namespace) GetAttr(name string) (any, bool) { return n.values.Get(name) }

// GetItem gives an attribute.
func (n *Namespace) GetItem(key any) (any, bool) { return n.values.Get(key) }

func (n *Namespace) typeName() string { return "Namespace" }

func (n *Namespace) print(p *printer) {
	if !p.enter(n) {
		p.write("<Namespace ...>")
		return
	}
	p.write("<Namespace ")
	p.dict(n.values)
	p.write(">")
	p.open = p.open[:len(p.open)-1]
}

// cycler gives its items in turn.
type cycler struct {
	items []any
	at    int
}

func newCycler(_ *State, _ any, a *arguments) (any, error) {
	items := a.rest(0)
	if len(items) == 0 {
		return nil, errors.New("at least one item has to be provided")
	}
	return &cycler{items: items}, nil
}

func (c *cycler) GetAttr(name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.at], true
	case "next":
		return &function{"next", func(*State, any, *arguments) (any, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}}, true
	case "reset":
		return &function{"reset", func(*State, any, *arguments) (any, error) {
			c.at = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

// newJoiner makes a function that gives nothing the first time, then a separator.
func newJoiner(_ *State, _ any, a *arguments) (any, error) {
	sep := a.textOr(0, "sep", ", ")
	used := false
	return &function{"joiner", func(*State, any, *arguments) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return sep, nil
	}}, nil
}
