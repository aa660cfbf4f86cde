package dbt

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// function returns one of the context's plain functions.
func (s *scope) function(name string) jinja.Func {
	switch name {
	case "tojson":
		return toJSON
	case "fromjson":
		return fromJSON
	case "toyaml":
		return toYAML
	case "fromyaml":
		return fromYAML
	case "zip", "zip_strict":
		return zip(name == "zip_strict")
	case "set", "set_strict":
		return set(name == "set_strict")
	case "local_md5":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			return md5Hex(jinja.Str(argument(a, kw, 0, "value", ""))), nil
		}
	case "log":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			event := "JinjaLogDebug"
			if argument(a, kw, 1, "info", false) == true {
				event = "JinjaLogInfo"
			}
			if s.p.options.Log != nil && s.execute {
				s.p.options.Log(event, jinja.Str(argument(a, kw, 0, "msg", "")))
			}
			return "", nil
		}
	case "print":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			if s.p.options.Print != nil && s.execute {
				s.p.options.Print(jinja.Str(argument(a, kw, 0, "msg", "")))
			}
			return "", nil
		}
	case "diff_of_two_dicts":
		return diffOfTwoDicts
	}
	return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) { // try_or_compiler_error
		if len(a) < 2 {
			return nil, fmt.Errorf("try_or_compiler_error() takes a message and a function")
		}
		f, ok := a[1].(jinja.Callable)
		if !ok {
			return nil, fmt.Errorf("%s", jinja.Str(a[0]))
		}
		v, err := f.Call(st, a[2:], kw)
		if err != nil {
			return nil, fmt.Errorf("%s", jinja.Str(a[0]))
		}
		return v, nil
	}
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// toJSON is tojson(value, default, sort_keys). The default is for what JSON
// cannot say, such as a list inside itself; a value of a type that has no JSON
// is an error.
func toJSON(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	text, err := jinja.JSON(st, argument(a, kw, 0, "value", nil), jinja.Truth(argument(a, kw, 2, "sort_keys", false)))
	if errors.Is(err, jinja.ErrCircular) {
		return argument(a, kw, 1, "default", nil), nil
	}
	return text, err
}

func fromJSON(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	def := argument(a, kw, 1, "default", nil)
	d := json.NewDecoder(strings.NewReader(jinja.Str(argument(a, kw, 0, "string", ""))))
	d.UseNumber()
	v, err := decodeJSON(d)
	if err != nil || d.More() {
		return def, nil
	}
	return v, nil
}

// decodeJSON reads one value, keeping the order of objects.
func decodeJSON(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		return jinja.FromGo(x), nil
	case json.Delim:
		if x == '[' {
			l := jinja.NewList()
			for d.More() {
				v, err := decodeJSON(d)
				if err != nil {
					return nil, err
				}
				l.V = append(l.V, v)
			}
			_, err := d.Token()
			return l, err
		}
		o := jinja.NewDict()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeJSON(d)
			if err != nil {
				return nil, err
			}
			o.Set(k, v)
		}
		_, err := d.Token()
		return o, err
	}
	return t, nil
}

func fromYAML(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	n, err := parseYAML([]byte(jinja.Str(argument(a, kw, 0, "value", ""))))
	if err != nil {
		return argument(a, kw, 1, "default", nil), nil
	}
	return withDates(n, plain(n)), nil
}

// zip gives tuples of what stands at the same place, up to the end of the
// shortest.
func zip(strict bool) jinja.Func {
	return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		var sources []*iterator
		for i, v := range a {
			it, err := iterate(v)
			if err != nil && strict {
				return nil, fmt.Errorf("'%s' object is not iterable", jinja.TypeName(v))
			}
			if err != nil {
				return argument(nil, kw, i, "default", nil), nil
			}
			sources = append(sources, it)
		}
		return &iterator{"zip", func() (any, bool, error) {
			row := &jinja.Tuple{}
			for _, it := range sources {
				v, ok, err := it.next()
				if !ok || err != nil {
					return nil, false, err
				}
				row.V = append(row.V, v)
			}
			return row, len(sources) > 0, nil
		}}, nil
	}
}

// set keeps each element once, in the order of first sight.
func set(strict bool) jinja.Func {
	return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
		items, err := jinja.Iterate(argument(a, kw, 0, "value", nil))
		for _, v := range items {
			err = errors.Join(err, jinja.Hashable(v))
		}
		if err != nil {
			if strict {
				return nil, err
			}
			return argument(a, kw, 1, "default", nil), nil
		}
		return newSet(items), nil
	}
}

// diffOfTwoDicts gives, per key of the first, the values the second has not.
func diffOfTwoDicts(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	first, _ := argument(a, kw, 0, "dict_a", nil).(*jinja.Dict)
	second, _ := argument(a, kw, 1, "dict_b", nil).(*jinja.Dict)
	lower := map[string]map[string]bool{}
	for _, k := range keysIn(second) {
		v, _ := second.Get(k)
		values := map[string]bool{}
		for _, t := range texts(v) {
			values[strings.ToLower(t)] = true
		}
		lower[strings.ToLower(jinja.Str(k))] = values
	}
	out := jinja.NewDict()
	for _, k := range keysIn(first) {
		v, _ := first.Get(k)
		rest := jinja.NewList()
		for _, t := range texts(v) {
			if !lower[strings.ToLower(jinja.Str(k))][strings.ToLower(t)] {
				rest.V = append(rest.V, t)
			}
		}
		if len(rest.V) > 0 {
			out.Set(k, rest)
		}
	}
	return out, nil
}
