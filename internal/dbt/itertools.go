package dbt

import (
	"fmt"

	"apotheca/internal/jinja"
)

// itertoolsModule is the part of Python's itertools that dbt lends.
type itertoolsModule struct{}

func (itertoolsModule) TypeName() string { return "dict" }

// iterator gives its elements once, one after another; some never end.
type iterator struct {
	name string
	next func() (v any, ok bool, err error)
}

func (i *iterator) TypeName() string { return i.name }
func (i *iterator) Str() string      { return "<" + i.name + " object>" }
func (i *iterator) Truth() bool      { return true }

// endless is how many elements are taken from an iterator before it is said to
// have no end.
const endless = 1_000_000

// Take gives all elements that are left.
func (i *iterator) Take() ([]any, error) {
	var all []any
	for {
		v, ok, err := i.next()
		if err != nil || !ok {
			return all, err
		}
		if all = append(all, v); len(all) > endless {
			return nil, fmt.Errorf("itertools.%s() gives more than %d elements", i.name, endless)
		}
	}
}

// iterate is an iterator over anything.
func iterate(v any) (*iterator, error) {
	if i, ok := v.(*iterator); ok {
		return i, nil
	}
	all, err := jinja.Iterate(v)
	return listIterator("iterator", all), err
}

func listIterator(name string, all []any) *iterator {
	at := 0
	return &iterator{name, func() (any, bool, error) {
		if at >= len(all) {
			return nil, false, nil
		}
		at++
		return all[at-1], true, nil
	}}
}

func (itertoolsModule) GetAttr(name string) (any, bool) {
	var f func(st *jinja.State, a []any, kw *jinja.Dict) ([]any, error)
	switch name {
	case "chain":
		return function(func(a []any, _ *jinja.Dict) (any, error) { return chain(a) }), true
	case "count", "cycle", "repeat", "islice":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) { return lazyIterator(name, a, kw) }), true
	case "product":
		f = product
	case "combinations", "combinations_with_replacement", "permutations":
		f = func(_ *jinja.State, a []any, kw *jinja.Dict) ([]any, error) { return selections(name, a, kw) }
	case "accumulate":
		f = accumulate
	case "zip_longest":
		f = zipLongest
	case "compress":
		f = compress
	case "tee":
		f = tee
	case "starmap":
		f = starmap
	default:
		return nil, false
	}
	return jinja.Func(func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		all, err := f(st, a, kw)
		if name == "tee" {
			return &jinja.Tuple{V: all}, err
		}
		return listIterator(name, all), err
	}), true
}

func chain(all []any) (any, error) {
	var current *iterator
	return &iterator{"chain", func() (any, bool, error) {
		for {
			if current != nil {
				if v, ok, err := current.next(); ok || err != nil {
					return v, ok, err
				}
			}
			if len(all) == 0 {
				return nil, false, nil
			}
			var err error
			if current, err = iterate(all[0]); err != nil {
				return nil, false, err
			}
			all = all[1:]
		}
	}}, nil
}

func lazyIterator(name string, a []any, kw *jinja.Dict) (any, error) {
	switch name {
	case "count":
		n, ok := argument(a, kw, 0, "start", int64(0)).(int64)
		step, ok2 := argument(a, kw, 1, "step", int64(1)).(int64)
		if !ok || !ok2 {
			return nil, fmt.Errorf("count() takes whole numbers")
		}
		return &iterator{name, func() (any, bool, error) { n += step; return n - step, true, nil }}, nil
	case "repeat":
		v := argument(a, kw, 0, "object", nil)
		left, bounded := argument(a, kw, 1, "times", nil).(int64)
		return &iterator{name, func() (any, bool, error) { left--; return v, !bounded || left >= 0, nil }}, nil
	case "cycle":
		all, err := jinja.Iterate(argument(a, kw, 0, "iterable", nil))
		at := -1
		return &iterator{name, func() (any, bool, error) {
			if len(all) == 0 {
				return nil, false, nil
			}
			at = (at + 1) % len(all)
			return all[at], true, nil
		}}, err
	}
	return islice(a)
}

func islice(a []any) (any, error) {
	if len(a) < 2 || len(a) > 4 {
		return nil, fmt.Errorf("islice expected 2 to 4 arguments, got %d", len(a))
	}
	it, err := iterate(a[0])
	if err != nil {
		return nil, err
	}
	bounds := []any{int64(0), a[1], int64(1)}
	if len(a) > 2 {
		copy(bounds, a[1:])
	}
	var n [3]int64
	for i, b := range bounds {
		x, ok := b.(int64)
		if b == nil {
			x, ok = []int64{0, endless, 1}[i], true
		}
		if !ok || x < 0 || i == 2 && x == 0 {
			return nil, fmt.Errorf("indices for islice() must be None or an integer: 0 <= x <= sys.maxsize")
		}
		n[i] = x
	}
	at, wanted := int64(0), n[0]
	return &iterator{"islice", func() (any, bool, error) {
		for at < n[1] && wanted < n[1] {
			v, ok, err := it.next()
			if !ok || err != nil {
				return nil, false, err
			}
			at++
			if at-1 == wanted {
				wanted += n[2]
				return v, true, nil
			}
		}
		return nil, false, nil
	}}, nil
}

func product(_ *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	times, _ := argument(nil, kw, 0, "repeat", int64(1)).(int64)
	rows := [][]any{{}}
	for range times {
		for _, v := range a {
			items, err := jinja.Iterate(v)
			if err != nil {
				return nil, err
			}
			if len(rows)*len(items) > endless {
				return nil, fmt.Errorf("product() has more than %d elements", endless)
			}
			var longer [][]any
			for _, row := range rows {
				for _, item := range items {
					longer = append(longer, append(row[:len(row):len(row)], item))
				}
			}
			rows = longer
		}
	}
	return tuples(rows), nil
}

func tuples(rows [][]any) []any {
	out := make([]any, len(rows))
	for i, r := range rows {
		out[i] = &jinja.Tuple{V: r}
	}
	return out
}

// selections are the ways to choose r elements: in order without or with
// repetition, or in every order.
func selections(name string, a []any, kw *jinja.Dict) ([]any, error) {
	items, err := jinja.Iterate(argument(a, kw, 0, "iterable", nil))
	if err != nil {
		return nil, err
	}
	given := argument(a, kw, 1, "r", nil)
	n, ok := given.(int64)
	if given == nil && name == "permutations" {
		n, ok = int64(len(items)), true
	}
	if !ok || n < 0 {
		return nil, fmt.Errorf("r must be non-negative")
	}
	var rows [][]any
	used := make([]bool, len(items))
	var choose func(from int, chosen []any) bool
	choose = func(from int, chosen []any) bool {
		if int64(len(chosen)) == n {
			rows = append(rows, chosen)
			return len(rows) <= endless
		}
		for i := from; i < len(items); i++ {
			if used[i] {
				continue
			}
			next := i + 1
			switch name {
			case "permutations":
				next = 0
			case "combinations_with_replacement":
				next = i
			}
			used[i] = name == "permutations"
			if !choose(next, append(chosen[:len(chosen):len(chosen)], items[i])) {
				return false
			}
			used[i] = false
		}
		return true
	}
	if !choose(0, nil) {
		return nil, fmt.Errorf("%s() has more than %d elements", name, endless)
	}
	return tuples(rows), nil
}

func accumulate(st *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	items, err := jinja.Iterate(argument(a, kw, 0, "iterable", nil))
	if err != nil {
		return nil, err
	}
	f := argument(a, kw, 1, "func", nil)
	if initial := argument(nil, kw, 0, "initial", nil); initial != nil {
		items = append([]any{initial}, items...)
	}
	var out []any
	for i, v := range items {
		switch {
		case i == 0:
		case f != nil:
			v, err = st.Call(f, []any{out[i-1], v}, nil)
		default:
			v, err = st.Binary("+", out[i-1], v)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func zipLongest(_ *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	fill := argument(nil, kw, 0, "fillvalue", nil)
	var lists [][]any
	longest := 0
	for _, v := range a {
		items, err := jinja.Iterate(v)
		if err != nil {
			return nil, err
		}
		lists = append(lists, items)
		longest = max(longest, len(items))
	}
	rows := make([][]any, longest)
	for i := range rows {
		for _, l := range lists {
			if i < len(l) {
				rows[i] = append(rows[i], l[i])
			} else {
				rows[i] = append(rows[i], fill)
			}
		}
	}
	return tuples(rows), nil
}

func compress(_ *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	items, err := jinja.Iterate(argument(a, kw, 0, "data", nil))
	if err != nil {
		return nil, err
	}
	wanted, err := jinja.Iterate(argument(a, kw, 1, "selectors", nil))
	var out []any
	for i, v := range items {
		if i < len(wanted) && jinja.Truth(wanted[i]) {
			out = append(out, v)
		}
	}
	return out, err
}

func tee(_ *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	items, err := jinja.Iterate(argument(a, kw, 0, "iterable", nil))
	n, ok := argument(a, kw, 1, "n", int64(2)).(int64)
	if !ok || n < 0 || n > 1000 {
		return nil, fmt.Errorf("n must be >= 0")
	}
	out := make([]any, n)
	for i := range out {
		out[i] = listIterator("_tee", items)
	}
	return out, err
}

func starmap(st *jinja.State, a []any, kw *jinja.Dict) ([]any, error) {
	items, err := jinja.Iterate(argument(a, kw, 1, "iterable", nil))
	if err != nil {
		return nil, err
	}
	var out []any
	for _, item := range items {
		args, err := jinja.Iterate(item)
		if err != nil {
			return nil, err
		}
		v, err := st.Call(argument(a, kw, 0, "function", nil), args, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
