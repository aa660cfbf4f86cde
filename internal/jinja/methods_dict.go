package jinja

import (
	"fmt"
	"slices"
	"strings"
)

// dictMethod gives a method of Python's dict.
func dictMethod(name string) operation {
	switch name {
	case "get":
		return func(_ *State, v any, a *arguments) (any, error) {
			def := a.optional(1, "default", nil)
			if e, ok := v.(*Dict).Get(a.key()); ok {
				return e, nil
			}
			return def, nil
		}
	case "keys":
		return func(_ *State, v any, _ *arguments) (any, error) { return &dictView{"dict_keys", v.(*Dict)}, nil }
	case "values":
		return func(_ *State, v any, _ *arguments) (any, error) { return &dictView{"dict_values", v.(*Dict)}, nil }
	case "items":
		return func(_ *State, v any, _ *arguments) (any, error) { return &dictView{"dict_items", v.(*Dict)}, nil }
	case "pop":
		return dictPop
	case "popitem":
		return func(_ *State, v any, _ *arguments) (any, error) {
			d := v.(*Dict)
			if d.Len() == 0 {
				return nil, fmt.Errorf("popitem(): dictionary is empty")
			}
			k, e := d.At(d.Len() - 1)
			d.Del(k)
			return &Tuple{[]any{k, e}}, nil
		}
	case "setdefault":
		return func(_ *State, v any, a *arguments) (any, error) {
			d, k, def := v.(*Dict), a.key(), a.optional(1, "default", nil)
			if e, ok := d.Get(k); ok || a.err != nil {
				return e, nil
			}
			d.Set(k, def)
			return def, nil
		}
	case "update":
		return dictUpdate
	case "fromkeys":
		return dictFromKeys
	case "copy":
		return func(_ *State, v any, _ *arguments) (any, error) { return v.(*Dict).Copy(), nil }
	case "clear":
		return func(_ *State, v any, _ *arguments) (any, error) { *v.(*Dict) = Dict{}; return nil, nil }
	}
	return nil
}

// dictFromKeys is dict.fromkeys: a method of every dict, and of the class.
func dictFromKeys(_ *State, _ any, a *arguments) (any, error) {
	d, value := &Dict{}, a.optional(1, "value", nil)
	for _, k := range a.elements(0, "iterable") {
		if err := hashable(k); err != nil {
			return nil, err
		}
		d.Set(k, value)
	}
	return d, nil
}

// key is the required first argument of a method that looks an entry up.
func (a *arguments) key() any {
	k := a.required(0, "key")
	if err := hashable(k); err != nil {
		a.fail("%w", err)
		return nil
	}
	return k
}

func dictPop(_ *State, v any, a *arguments) (any, error) {
	d, k := v.(*Dict), a.key()
	def, hasDefault := a.find(1, "default")
	if a.err != nil {
		return nil, nil
	}
	if e, ok := d.Get(k); ok {
		d.Del(k)
		return e, nil
	}
	if !hasDefault {
		return nil, fmt.Errorf("no key %s to pop", Repr(k))
	}
	return def, nil
}

func dictUpdate(s *State, v any, a *arguments) (any, error) {
	d := v.(*Dict)
	kw := a.keywords()
	if other, ok := a.find(0, ""); ok {
		if err := d.merge(other); err != nil {
			return nil, err
		}
	}
	if kw != nil {
		if err := d.merge(kw); err != nil {
			return nil, err
		}
	}
	return nil, s.spend(d.Len())
}

// dictView is keys(), values() or items(): it shows the dict as it is when read.
type dictView struct {
	kind string
	of   *Dict
}

func (v *dictView) Iter() []any {
	switch v.kind {
	case "dict_keys":
		return v.of.Keys()
	case "dict_values":
		return v.of.Vals()
	}
	return v.of.items()
}

// Hash makes two views equal that show the same in whatever order; values are
// never equal, not even to themselves.
func (v *dictView) Hash() string {
	if v.kind == "dict_values" {
		return fmt.Sprintf("values:%p", v)
	}
	var all []string
	for _, e := range v.Iter() {
		all = append(all, Repr(e))
	}
	slices.Sort(all)
	return "view:" + strings.Join(all, ",")
}

func (v *dictView) Truth() bool      { return v.of.Len() > 0 }
func (v *dictView) typeName() string { return v.kind }
func (v *dictView) print(p *printer) { p.container(v, v.kind+"([", "])", v.Iter()) }
