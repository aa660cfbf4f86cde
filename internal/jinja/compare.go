package jinja

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Equal is Python's a == b.
func Equal(a, b any) bool {
	budget := compareMax
	return equal(a, b, &budget)
}

// compareMax is how many elements one comparison looks at before it answers
// "different": structures that share their parts have exponentially many.
const compareMax = 10_000_000

func equal(a, b any, budget *int) bool {
	if *budget--; *budget < 0 {
		return false
	}
	if c, ok := compareNumbers(a, b); ok {
		return c == 0
	}
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return ok && x == y
	case Undefined:
		_, ok := b.(Undefined)
		return ok
	case *List:
		y, ok := b.(*List)
		return ok && (x == y || equalElements(x.V, y.V, budget))
	case *Tuple:
		y, ok := b.(*Tuple)
		return ok && (x == y || equalElements(x.V, y.V, budget))
	case *Dict:
		y, ok := b.(*Dict)
		return ok && (x == y || equalDicts(x, y, budget))
	case Hasher:
		y, ok := b.(Hasher)
		return ok && x.Hash() == y.Hash()
	}
	return a == nil && b == nil || a != nil && b != nil && identical(a, b)
}

// identical compares without the panic of == on functions.
func identical(a, b any) bool {
	return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.ValueOf(a).Comparable() && a == b
}

func equalElements(a, b []any, budget *int) bool {
	// Lists that hold themselves never end: the depth is bounded by the budget
	// spent per level.
	*budget -= compareMax / 10_000
	if len(a) != len(b) || *budget < 0 {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i], budget) {
			return false
		}
	}
	*budget += compareMax / 10_000
	return true
}

func equalDicts(a, b *Dict, budget *int) bool {
	*budget -= compareMax / 10_000
	if len(a.entries) != len(b.entries) || *budget < 0 {
		return false
	}
	for _, e := range a.entries {
		i := b.find(hashed(e.key))
		if i < 0 || !equal(e.val, b.entries[i].val, budget) {
			return false
		}
	}
	*budget += compareMax / 10_000
	return true
}

// compareNumbers orders numbers of any two kinds; ok is false for other values.
func compareNumbers(a, b any) (c int, ok bool) {
	ai, af, aInt, aOK := number(a)
	bi, bf, bInt, bOK := number(b)
	if aInt && bInt {
		return cmp.Compare(ai, bi), true
	}
	if aOK && bOK {
		// Not cmp.Compare: a NaN must equal nothing, itself included.
		switch {
		case af < bf:
			return -1, true
		case af == bf:
			return 0, true
		}
		return 1, true
	}
	x, xOK := asDecimal(a)
	y, yOK := asDecimal(b)
	if g, isFloat := b.(float64); isFloat && isBig(a) {
		return compareBig(x.int(), g), true
	}
	if f, isFloat := a.(float64); isFloat && isBig(b) {
		return -compareBig(y.int(), f), true
	}
	switch {
	case xOK && yOK:
		p, q, _ := aligned(x, y)
		return p.Cmp(q), true
	case xOK && bOK:
		return cmp.Compare(x.float(), bf), true
	case yOK && aOK:
		return cmp.Compare(af, y.float()), true
	}
	return 0, false
}

// Compare is negative, zero or positive as a is before, equal to or after b.
func Compare(a, b any) (int, error) { return compare("<", a, b, 0) }

func compare(op string, a, b any, depth int) (int, error) {
	for _, v := range [2]any{a, b} {
		if u, ok := v.(Undefined); ok {
			return 0, u.err()
		}
	}
	if c, ok := compareNumbers(a, b); ok {
		return c, nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case *List:
		if y, ok := b.(*List); ok {
			return compareElements(op, x.V, y.V, depth+1)
		}
	case *Tuple:
		if y, ok := b.(*Tuple); ok {
			return compareElements(op, x.V, y.V, depth+1)
		}
	case interface{ Compare(other any) (int, bool) }:
		if c, ok := x.Compare(b); ok {
			return c, nil
		}
	}
	return 0, fmt.Errorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func compareElements(op string, a, b []any, depth int) (int, error) {
	if depth > maxNesting {
		return 0, fmt.Errorf("maximum recursion depth exceeded in comparison")
	}
	for i := range min(len(a), len(b)) {
		if !Equal(a[i], b[i]) {
			return compare(op, a[i], b[i], depth)
		}
	}
	return cmp.Compare(len(a), len(b)), nil
}

// contains is `v in container`.
func contains(container, v any) (bool, error) {
	switch x := container.(type) {
	case string:
		y, ok := v.(string)
		if u, undef := v.(Undefined); undef {
			return false, u.err()
		}
		if !ok {
			return false, fmt.Errorf("'in <string>' requires string as left operand, not %s", TypeName(v))
		}
		return strings.Contains(x, y), nil
	case *Dict:
		if err := hashable(v); err != nil {
			return false, err
		}
		_, ok := x.Get(v)
		return ok, nil
	}
	if c, ok := container.(Container); ok {
		return c.Contains(v), nil
	}
	elements, err := Iterate(container)
	if err != nil {
		return false, fmt.Errorf("argument of type '%s' is not iterable", TypeName(container))
	}
	for _, e := range elements {
		if Equal(e, v) {
			return true, nil
		}
	}
	return false, nil
}

// folded is a key for sorting without regard to case, jinja's default.
func folded(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

// sorted is a new slice in the order of key(element); equal elements keep theirs.
func (s *State) sorted(v []any, reverse bool, key func(any) (any, error)) ([]any, error) {
	type keyed struct{ key, val any }
	all := make([]keyed, len(v))
	for i, e := range v {
		k, err := key(e)
		if err != nil {
			return nil, err
		}
		all[i] = keyed{k, e}
	}
	var failed error
	slices.SortStableFunc(all, func(a, b keyed) int {
		if failed != nil {
			return 0
		}
		c, err := Compare(a.key, b.key)
		if err == nil {
			err = s.spend(1)
		}
		failed = err
		if reverse {
			return -c
		}
		return c
	})
	out := make([]any, len(all))
	for i := range all {
		out[i] = all[i].val
	}
	return out, failed
}
