package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

type bound func(s *State, a []any, kw *Dict) (any, error)

func (f bound) Call(s *State, a []any, kw *Dict) (any, error) { return f(s, a, kw) }

func arg(a []any, kw *Dict, i int, name string, def any) any {
	if i < len(a) {
		return a[i]
	}
	if v, ok := kw.Get(name); ok {
		return v
	}
	return def
}
func toInt(v any) int {
	i, f, isInt, _ := num(v)
	if isInt {
		return int(i)
	}
	return int(f)
}

func method(o any, n string) Callable {
	switch x := o.(type) {
	case string:
		if f, ok := strMethods[n]; ok {
			return bound(func(s *State, a []any, kw *Dict) (any, error) { return f(s, x, a, kw) })
		}
	case *List:
		if f, ok := listMethods[n]; ok {
			return bound(func(s *State, a []any, kw *Dict) (any, error) { return f(x, a, kw) })
		}
	case *Tuple:
		if n == "count" || n == "index" {
			l := &List{x.V}
			return bound(func(s *State, a []any, kw *Dict) (any, error) { return listMethods[n](l, a, kw) })
		}
	case *Dict:
		if f, ok := dictMethods[n]; ok {
			return bound(func(s *State, a []any, kw *Dict) (any, error) { return f(x, a, kw) })
		}
	}
	return nil
}

type strM func(s *State, x string, a []any, kw *Dict) (any, error)

func predicate(f func(rune) bool) strM {
	return func(s *State, x string, a []any, kw *Dict) (any, error) {
		for _, r := range x {
			if !f(r) {
				return false, nil
			}
		}
		return x != "", nil
	}
}
func affix(f func(string, string) bool) strM {
	return func(s *State, x string, a []any, kw *Dict) (any, error) {
		if t, ok := a[0].(*Tuple); ok {
			for _, e := range t.V {
				if f(x, Str(e)) {
					return true, nil
				}
			}
			return false, nil
		}
		p, ok := a[0].(string)
		if !ok {
			return nil, fmt.Errorf("first arg must be str or a tuple of str, not %s", typeName(a[0]))
		}
		return f(x, p), nil
	}
}
func strip(l, r bool) strM {
	return func(s *State, x string, a []any, kw *Dict) (any, error) {
		cut := " \t\n\r\v\f"
		if len(a) > 0 && a[0] != nil {
			cut = Str(a[0])
		}
		if l {
			x = strings.TrimLeft(x, cut)
		}
		if r {
			x = strings.TrimRight(x, cut)
		}
		return x, nil
	}
}
func strs(v []string) *List {
	l := &List{}
	for _, s := range v {
		l.V = append(l.V, s)
	}
	return l
}
func title(x string) string {
	var b strings.Builder
	prev := false
	for _, r := range x {
		if unicode.IsLetter(r) {
			if prev {
				r = unicode.ToLower(r)
			} else {
				r = unicode.ToUpper(r)
			}
			prev = true
		} else {
			prev = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
func capitalize(x string) string {
	r := []rune(strings.ToLower(x))
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}
func pad(x string, a []any, l, r bool) string {
	w, fill := toInt(a[0]), " "
	if len(a) > 1 {
		fill = Str(a[1])
	}
	n := w - len([]rune(x))
	if n <= 0 {
		return x
	}
	if l && r {
		return strings.Repeat(fill, n/2) + x + strings.Repeat(fill, n-n/2)
	}
	if l {
		return strings.Repeat(fill, n) + x
	}
	return x + strings.Repeat(fill, n)
}

var strMethods map[string]strM

func init() {
	strMethods = map[string]strM{
		"upper":      func(s *State, x string, a []any, kw *Dict) (any, error) { return strings.ToUpper(x), nil },
		"lower":      func(s *State, x string, a []any, kw *Dict) (any, error) { return strings.ToLower(x), nil },
		"casefold":   func(s *State, x string, a []any, kw *Dict) (any, error) { return strings.ToLower(x), nil },
		"title":      func(s *State, x string, a []any, kw *Dict) (any, error) { return title(x), nil },
		"capitalize": func(s *State, x string, a []any, kw *Dict) (any, error) { return capitalize(x), nil },
		"strip":      strip(true, true), "lstrip": strip(true, false), "rstrip": strip(false, true),
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
		"isdigit": predicate(unicode.IsDigit), "isnumeric": predicate(unicode.IsNumber), "isalpha": predicate(unicode.IsLetter), "isspace": predicate(unicode.IsSpace),
		"isalnum": predicate(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }),
		"isupper": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return x == strings.ToUpper(x) && x != strings.ToLower(x), nil
		},
		"islower": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return x == strings.ToLower(x) && x != strings.ToUpper(x), nil
		},
		"ljust":  func(s *State, x string, a []any, kw *Dict) (any, error) { return pad(x, a, false, true), nil },
		"rjust":  func(s *State, x string, a []any, kw *Dict) (any, error) { return pad(x, a, true, false), nil },
		"center": func(s *State, x string, a []any, kw *Dict) (any, error) { return pad(x, a, true, true), nil },
		"zfill": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return pad(x, []any{a[0], "0"}, true, false), nil
		},
		"replace": func(s *State, x string, a []any, kw *Dict) (any, error) {
			n := -1
			if len(a) > 2 {
				n = toInt(a[2])
			}
			return strings.Replace(x, Str(a[0]), Str(a[1]), n), nil
		},
		"split": func(s *State, x string, a []any, kw *Dict) (any, error) {
			sep, n := arg(a, kw, 0, "sep", nil), toInt(arg(a, kw, 1, "maxsplit", int64(-1)))
			if sep == nil {
				return strs(strings.Fields(x)), nil
			}
			if n >= 0 {
				return strs(strings.SplitN(x, Str(sep), n+1)), nil
			}
			return strs(strings.Split(x, Str(sep))), nil
		},
		"rsplit": func(s *State, x string, a []any, kw *Dict) (any, error) {
			sep, n := Str(arg(a, kw, 0, "sep", " ")), toInt(arg(a, kw, 1, "maxsplit", int64(-1)))
			p := strings.Split(x, sep)
			if n >= 0 && len(p) > n+1 {
				p = append([]string{strings.Join(p[:len(p)-n], sep)}, p[len(p)-n:]...)
			}
			return strs(p), nil
		},
		"splitlines": func(s *State, x string, a []any, kw *Dict) (any, error) {
			if x == "" {
				return &List{}, nil
			}
			return strs(strings.Split(strings.TrimSuffix(x, "\n"), "\n")), nil
		},
		"partition": func(s *State, x string, a []any, kw *Dict) (any, error) {
			b, c, ok := strings.Cut(x, Str(a[0]))
			if !ok {
				return &Tuple{[]any{x, "", ""}}, nil
			}
			return &Tuple{[]any{b, Str(a[0]), c}}, nil
		},
		"join": func(s *State, x string, a []any, kw *Dict) (any, error) {
			it, err := iterate(a[0])
			if err != nil {
				return nil, err
			}
			p := make([]string, len(it))
			for i, e := range it {
				str, ok := e.(string)
				if !ok {
					if _, isS := e.(Stringer); isS {
						str = Str(e)
					} else {
						return nil, fmt.Errorf("sequence item %d: expected str instance, %s found", i, typeName(e))
					}
				}
				p[i] = str
			}
			return strings.Join(p, x), nil
		},
		"find": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return int64(strings.Index(x, Str(a[0]))), nil
		},
		"rfind": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return int64(strings.LastIndex(x, Str(a[0]))), nil
		},
		"count": func(s *State, x string, a []any, kw *Dict) (any, error) {
			return int64(strings.Count(x, Str(a[0]))), nil
		},
		"format": func(s *State, x string, a []any, kw *Dict) (any, error) { return pyFormat(s, x, a, kw) },
		"index": func(s *State, x string, a []any, kw *Dict) (any, error) {
			if i := strings.Index(x, Str(a[0])); i >= 0 {
				return int64(i), nil
			}
			return nil, fmt.Errorf("substring not found")
		},
		"removeprefix": func(s *State, x string, a []any, kw *Dict) (any, error) { return strings.TrimPrefix(x, Str(a[0])), nil },
		"removesuffix": func(s *State, x string, a []any, kw *Dict) (any, error) { return strings.TrimSuffix(x, Str(a[0])), nil },
		"encode":       func(s *State, x string, a []any, kw *Dict) (any, error) { return x, nil },
	}
}

var listMethods = map[string]func(x *List, a []any, kw *Dict) (any, error){
	"append": func(x *List, a []any, kw *Dict) (any, error) { x.V = append(x.V, a[0]); return nil, nil },
	"extend": func(x *List, a []any, kw *Dict) (any, error) {
		it, err := iterate(a[0])
		x.V = append(x.V, it...)
		return nil, err
	},
	"insert": func(x *List, a []any, kw *Dict) (any, error) {
		i := toInt(a[0])
		if i < 0 {
			i = max(0, i+len(x.V))
		}
		i = min(i, len(x.V))
		x.V = append(x.V[:i:i], append([]any{a[1]}, x.V[i:]...)...)
		return nil, nil
	},
	"pop": func(x *List, a []any, kw *Dict) (any, error) {
		i := len(x.V) - 1
		if len(a) > 0 {
			if i = toInt(a[0]); i < 0 {
				i += len(x.V)
			}
		}
		if i < 0 || i >= len(x.V) {
			return nil, fmt.Errorf("pop index out of range")
		}
		v := x.V[i]
		x.V = append(x.V[:i:i], x.V[i+1:]...)
		return v, nil
	},
	"remove": func(x *List, a []any, kw *Dict) (any, error) {
		for i, e := range x.V {
			if equal(e, a[0]) {
				x.V = append(x.V[:i:i], x.V[i+1:]...)
				return nil, nil
			}
		}
		return nil, fmt.Errorf("list.remove(x): x not in list")
	},
	"index": func(x *List, a []any, kw *Dict) (any, error) {
		for i, e := range x.V {
			if equal(e, a[0]) {
				return int64(i), nil
			}
		}
		return nil, fmt.Errorf("%s is not in list", Repr(a[0]))
	},
	"count": func(x *List, a []any, kw *Dict) (any, error) {
		n := int64(0)
		for _, e := range x.V {
			if equal(e, a[0]) {
				n++
			}
		}
		return n, nil
	},
	"clear": func(x *List, a []any, kw *Dict) (any, error) { x.V = nil; return nil, nil },
	"copy":  func(x *List, a []any, kw *Dict) (any, error) { return &List{append([]any{}, x.V...)}, nil },
	"reverse": func(x *List, a []any, kw *Dict) (any, error) {
		for i, j := 0, len(x.V)-1; i < j; i, j = i+1, j-1 {
			x.V[i], x.V[j] = x.V[j], x.V[i]
		}
		return nil, nil
	},
	"sort": func(x *List, a []any, kw *Dict) (any, error) {
		r, _ := kw.Get("reverse")
		v, err := sortVals(x.V, truthy(r), true, nil)
		x.V = v
		return nil, err
	},
}
var dictMethods = map[string]func(x *Dict, a []any, kw *Dict) (any, error){
	"keys":   func(x *Dict, a []any, kw *Dict) (any, error) { return &view{"dict_keys", x, 0}, nil },
	"values": func(x *Dict, a []any, kw *Dict) (any, error) { return &view{"dict_values", x, 1}, nil },
	"items":  func(x *Dict, a []any, kw *Dict) (any, error) { return &view{"dict_items", x, 2}, nil },
	"get": func(x *Dict, a []any, kw *Dict) (any, error) {
		if v, ok := x.Get(a[0]); ok {
			return v, nil
		}
		return arg(a, kw, 1, "default", nil), nil
	},
	"pop": func(x *Dict, a []any, kw *Dict) (any, error) {
		if v, ok := x.Get(a[0]); ok {
			x.Del(a[0])
			return v, nil
		}
		if len(a) > 1 {
			return a[1], nil
		}
		return nil, fmt.Errorf("KeyError: %s", Repr(a[0]))
	},
	"setdefault": func(x *Dict, a []any, kw *Dict) (any, error) {
		if v, ok := x.Get(a[0]); ok {
			return v, nil
		}
		v := arg(a, kw, 1, "default", nil)
		x.Set(a[0], v)
		return v, nil
	},
	"update": func(x *Dict, a []any, kw *Dict) (any, error) {
		if len(a) > 0 {
			if err := dictFrom(x, a[0]); err != nil {
				return nil, err
			}
		}
		if kw != nil {
			return nil, dictFrom(x, kw)
		}
		return nil, nil
	},
	"copy":  func(x *Dict, a []any, kw *Dict) (any, error) { return x.Copy(), nil },
	"clear": func(x *Dict, a []any, kw *Dict) (any, error) { *x = *NewDict(); return nil, nil },
}

type view struct {
	name string
	d    *Dict
	k    int
}

func (v *view) Iter() []any {
	switch v.k {
	case 0:
		return v.d.Keys()
	case 1:
		return v.d.Vals()
	}
	o := make([]any, len(v.d.keys))
	for i, k := range v.d.keys {
		o[i] = &Tuple{[]any{k, v.d.vals[i]}}
	}
	return o
}
func (v *view) Truth() bool { return v.d.Len() > 0 }
func (v *view) Str() string { return v.name + "(" + Repr(&List{v.Iter()}) + ")" }

func dictFrom(d *Dict, v any) error {
	if o, ok := v.(*Dict); ok {
		for i, k := range o.keys {
			d.Set(k, o.vals[i])
		}
		return nil
	}
	it, err := iterate(v)
	if err != nil {
		return err
	}
	for _, e := range it {
		kv, err := iterate(e)
		if err != nil || len(kv) != 2 {
			return fmt.Errorf("dictionary update sequence element is not a pair")
		}
		d.Set(kv[0], kv[1])
	}
	return nil
}

var builtins map[string]any

func init() {
	builtins = map[string]any{
		"range": Func(func(s *State, a []any, kw *Dict) (any, error) {
			lo, hi, st := 0, 0, 1
			switch len(a) {
			case 1:
				hi = toInt(a[0])
			case 2:
				lo, hi = toInt(a[0]), toInt(a[1])
			case 3:
				lo, hi, st = toInt(a[0]), toInt(a[1]), toInt(a[2])
			}
			l := &List{}
			if st > 0 {
				for i := lo; i < hi; i += st {
					l.V = append(l.V, int64(i))
				}
			} else if st < 0 {
				for i := lo; i > hi; i += st {
					l.V = append(l.V, int64(i))
				}
			}
			return l, nil
		}),
		"dict": Func(func(s *State, a []any, kw *Dict) (any, error) {
			d := NewDict()
			if len(a) > 0 {
				if err := dictFrom(d, a[0]); err != nil {
					return nil, err
				}
			}
			if kw != nil {
				dictFrom(d, kw)
			}
			return d, nil
		}),
		"namespace": Func(func(s *State, a []any, kw *Dict) (any, error) {
			d := NewDict()
			if len(a) > 0 {
				if err := dictFrom(d, a[0]); err != nil {
					return nil, err
				}
			}
			if kw != nil {
				dictFrom(d, kw)
			}
			return &Namespace{d}, nil
		}),
		"zip": Func(func(s *State, a []any, kw *Dict) (any, error) {
			l := &List{}
			var its [][]any
			n := math.MaxInt
			for _, x := range a {
				it, err := iterate(x)
				if err != nil {
					return nil, err
				}
				its = append(its, it)
				n = min(n, len(it))
			}
			for i := 0; i < n && len(its) > 0; i++ {
				t := &Tuple{}
				for _, it := range its {
					t.V = append(t.V, it[i])
				}
				l.V = append(l.V, t)
			}
			return l, nil
		}),
		"return": Return,
	}
}

func pull(s *State, attr any) func(v any) (any, error) {
	switch a := attr.(type) {
	case string:
		parts := strings.Split(a, ".")
		return func(v any) (any, error) {
			var err error
			for _, p := range parts {
				var k any = p
				if i, e := strconv.ParseInt(p, 10, 64); e == nil {
					k = i
				}
				if v, err = s.Item(v, k); err != nil {
					return nil, err
				}
			}
			return v, nil
		}
	}
	return func(v any) (any, error) { return s.Item(v, attr) }
}
func each(v any, f func(any) (any, bool, error)) (any, error) {
	if !truthy(v) {
		return &List{}, nil
	}
	it, err := iterate(v)
	if err != nil {
		return nil, err
	}
	o := &List{V: make([]any, 0, len(it))}
	for _, e := range it {
		r, keep, err := f(e)
		if err != nil {
			return nil, err
		}
		if keep {
			o.V = append(o.V, r)
		}
	}
	return o, nil
}
func sel(attr, want bool) Filter {
	return func(s *State, v any, a []any, kw *Dict) (any, error) {
		get := func(e any) (any, error) { return e, nil }
		if attr {
			get = pull(s, a[0])
			a = a[1:]
		}
		var t Filter
		if len(a) > 0 {
			f, ok := s.test(Str(a[0]))
			if !ok {
				return nil, fmt.Errorf("no test named '%s'", Str(a[0]))
			}
			t, a = f, a[1:]
		}
		return each(v, func(e any) (any, bool, error) {
			x, err := get(e)
			if err != nil {
				return nil, false, err
			}
			ok := truthy(x)
			if t != nil {
				r, err := t(s, x, a, kw)
				if err != nil {
					return nil, false, err
				}
				ok = truthy(r)
			}
			return e, ok == want, nil
		})
	}
}
func same(s *State, v any, a []any, kw *Dict) (any, error) { return v, nil }

var htmlSafe = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

func toJSON(v any, sort bool) (string, error) {
	var b bytes.Buffer
	err := encJSON(&b, v, sort)
	return b.String(), err
}
func encJSON(b *bytes.Buffer, v any, sortK bool) error {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, x)
	case int64, float64:
		b.WriteString(Repr(x))
	case string:
		var t bytes.Buffer
		e := json.NewEncoder(&t)
		e.SetEscapeHTML(false)
		e.Encode(x)
		for _, r := range strings.TrimSuffix(t.String(), "\n") {
			if r > 126 {
				if r > 0xffff {
					r -= 0x10000
					fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
				} else {
					fmt.Fprintf(b, `\u%04x`, r)
				}
			} else {
				b.WriteRune(r)
			}
		}
	case *Dict:
		b.WriteByte('{')
		ks := x.keys
		if sortK {
			ks, _ = sortVals(x.keys, false, true, nil)
		}
		for i, k := range ks {
			if i > 0 {
				b.WriteString(", ")
			}
			encJSON(b, Str(k), sortK)
			b.WriteString(": ")
			e, _ := x.Get(k)
			if err := encJSON(b, e, sortK); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	default:
		it, err := iterate(v)
		_, no := v.(interface{ NoJSON() })
		if _, u := v.(Undefined); err != nil || u || no {
			return fmt.Errorf("Object of type %s is not JSON serializable", typeName(v))
		}
		b.WriteByte('[')
		for i, e := range it {
			if i > 0 {
				b.WriteString(", ")
			}
			if err := encJSON(b, e, sortK); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	}
	return nil
}

var filters, tests map[string]Filter

func init() {
	str := func(f func(string) string) Filter {
		return func(s *State, v any, a []any, kw *Dict) (any, error) { return f(Str(v)), nil }
	}
	list := func(s *State, v any, a []any, kw *Dict) (any, error) {
		it, err := iterate(v)
		return &List{append([]any{}, it...)}, err
	}
	lengthF := func(s *State, v any, a []any, kw *Dict) (any, error) {
		n, err := length(v)
		return int64(n), err
	}
	def := func(s *State, v any, a []any, kw *Dict) (any, error) {
		_, u := v.(Undefined)
		if u || (truthy(arg(a, kw, 1, "boolean", false)) && !truthy(v)) {
			return arg(a, kw, 0, "default_value", ""), nil
		}
		return v, nil
	}
	minmax := func(w int) Filter {
		return func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil || len(it) == 0 {
				return Undefined{Name: "No aggregated item, sequence was empty."}, err
			}
			key := func(v any) (any, error) { return v, nil }
			if at, ok := kw.Get("attribute"); ok {
				key = pull(s, at)
			}
			lowk := func(v any) (any, error) {
				k, err := key(v)
				if st, ok := k.(string); ok {
					k = strings.ToLower(st)
				}
				return k, err
			}
			best := it[0]
			bk, err := lowk(best)
			for _, e := range it[1:] {
				k, err2 := lowk(e)
				if err2 != nil {
					return nil, err2
				}
				c, err2 := cmp(k, bk)
				if err2 != nil {
					return nil, err2
				}
				if c*w > 0 {
					best, bk = e, k
				}
			}
			return best, err
		}
	}
	filters = map[string]Filter{
		"upper": str(strings.ToUpper), "lower": str(strings.ToLower), "title": str(title), "capitalize": str(capitalize),
		"string": str(func(s string) string { return s }), "safe": same, "escape": same, "e": same, "as_native": same, "as_text": same, "as_bool": same, "as_number": same,
		"list": list, "length": lengthF, "count": lengthF, "default": def, "d": def, "max": minmax(1), "min": minmax(-1),
		"trim": func(s *State, v any, a []any, kw *Dict) (any, error) {
			if c := arg(a, kw, 0, "chars", nil); c != nil {
				return strings.Trim(Str(v), Str(c)), nil
			}
			return strings.Trim(Str(v), " \t\n\r\v\f\u00a0"), nil
		},
		"replace": func(s *State, v any, a []any, kw *Dict) (any, error) {
			n := -1
			if c := arg(a, kw, 2, "count", nil); c != nil {
				n = toInt(c)
			}
			return strings.Replace(Str(v), Str(arg(a, kw, 0, "old", "")), Str(arg(a, kw, 1, "new", "")), n), nil
		},
		"join": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			if at := arg(a, kw, 1, "attribute", nil); at != nil {
				l, err := each(v, func(e any) (any, bool, error) { r, err := pull(s, at)(e); return r, true, err })
				if err != nil {
					return nil, err
				}
				it = l.(*List).V
			}
			p := make([]string, len(it))
			for i, e := range it {
				p[i] = Str(e)
			}
			return strings.Join(p, Str(arg(a, kw, 0, "d", ""))), nil
		},
		"map": func(s *State, v any, a []any, kw *Dict) (any, error) {
			if at, ok := kw.Get("attribute"); ok {
				d, hasD := kw.Get("default")
				return each(v, func(e any) (any, bool, error) {
					r, err := pull(s, at)(e)
					if _, u := r.(Undefined); u && hasD {
						r = d
					}
					return r, true, err
				})
			}
			if len(a) == 0 {
				return nil, fmt.Errorf("map requires a filter argument")
			}
			f, ok := s.filter(Str(a[0]))
			if !ok {
				return nil, fmt.Errorf("no filter named '%s'", Str(a[0]))
			}
			return each(v, func(e any) (any, bool, error) { r, err := f(s, e, a[1:], kw); return r, true, err })
		},
		"select": sel(false, true), "reject": sel(false, false), "selectattr": sel(true, true), "rejectattr": sel(true, false),
		"first": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil || len(it) == 0 {
				return Undefined{Name: "No first item, sequence was empty."}, err
			}
			return it[0], nil
		},
		"last": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil || len(it) == 0 {
				return Undefined{Name: "No last item, sequence was empty."}, err
			}
			return it[len(it)-1], nil
		},
		"random": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil || len(it) == 0 {
				return nil, err
			}
			return it[0], nil
		},
		"reverse": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			o := make([]any, len(it))
			for i, e := range it {
				o[len(it)-1-i] = e
			}
			if _, ok := v.(string); ok {
				var b strings.Builder
				for _, e := range o {
					b.WriteString(e.(string))
				}
				return b.String(), nil
			}
			return &List{o}, nil
		},
		"sort": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			var key func(any) (any, error)
			if at := arg(a, kw, 2, "attribute", nil); at != nil {
				key = pull(s, at)
			}
			r, err := sortVals(it, truthy(arg(a, kw, 0, "reverse", false)), truthy(arg(a, kw, 1, "case_sensitive", false)), key)
			return &List{r}, err
		},
		"unique": func(s *State, v any, a []any, kw *Dict) (any, error) {
			seen := map[string]bool{}
			at := arg(a, kw, 1, "attribute", nil)
			return each(v, func(e any) (any, bool, error) {
				k := e
				if at != nil {
					var err error
					if k, err = pull(s, at)(e); err != nil {
						return nil, false, err
					}
				}
				if st, ok := k.(string); ok && !truthy(arg(a, kw, 0, "case_sensitive", false)) {
					k = strings.ToLower(st)
				}
				h := hkey(k)
				if seen[h] {
					return nil, false, nil
				}
				seen[h] = true
				return e, true, nil
			})
		},
		"sum": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			t := arg(a, kw, 1, "start", int64(0))
			at := arg(a, kw, 0, "attribute", nil)
			for _, e := range it {
				if at != nil {
					if e, err = pull(s, at)(e); err != nil {
						return nil, err
					}
				}
				if t, err = binop("+", t, e); err != nil {
					return nil, err
				}
			}
			return t, nil
		},
		"int": func(s *State, v any, a []any, kw *Dict) (any, error) {
			d := arg(a, kw, 0, "default", int64(0))
			switch x := v.(type) {
			case string:
				t := strings.ReplaceAll(strings.TrimSpace(x), "_", "")
				if n, err := strconv.ParseInt(t, toInt(arg(a, kw, 1, "base", int64(10))), 64); err == nil {
					return n, nil
				}
				if f, err := strconv.ParseFloat(t, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
					return int64(f), nil
				}
				return d, nil
			}
			if i, f, isInt, ok := num(v); ok {
				if isInt {
					return i, nil
				}
				return int64(f), nil
			}
			return d, nil
		},
		"float": func(s *State, v any, a []any, kw *Dict) (any, error) {
			if st, ok := v.(string); ok {
				if f, err := strconv.ParseFloat(strings.TrimSpace(st), 64); err == nil {
					return f, nil
				}
			} else if _, f, _, ok := num(v); ok {
				return f, nil
			}
			return arg(a, kw, 0, "default", 0.0), nil
		},
		"abs": func(s *State, v any, a []any, kw *Dict) (any, error) {
			i, f, isInt, _ := num(v)
			if isInt {
				if i < 0 {
					i = -i
				}
				return i, nil
			}
			return math.Abs(f), nil
		},
		"round": func(s *State, v any, a []any, kw *Dict) (any, error) {
			_, f, isInt, ok := num(v)
			if !ok {
				return nil, fmt.Errorf("type %s doesn't define __round__ method", typeName(v))
			}
			p := toInt(arg(a, kw, 0, "precision", int64(0)))
			m := math.Pow(10, float64(p))
			switch Str(arg(a, kw, 1, "method", "common")) {
			case "ceil":
				return math.Ceil(f*m) / m, nil
			case "floor":
				return math.Floor(f*m) / m, nil
			}
			if isInt {
				return v, nil
			}
			if p >= 0 {
				r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', p, 64), 64)
				return r, nil
			}
			return math.RoundToEven(f*m) / m, nil
		},
		"indent": func(s *State, v any, a []any, kw *Dict) (any, error) {
			w := arg(a, kw, 0, "width", int64(4))
			ind, ok := w.(string)
			if !ok {
				ind = strings.Repeat(" ", toInt(w))
			}
			first, blank := truthy(arg(a, kw, 1, "first", false)), truthy(arg(a, kw, 2, "blank", false))
			ls := strings.Split(Str(v), "\n")
			for i := range ls {
				if (i > 0 || first) && (blank || ls[i] != "" || i == 0) {
					ls[i] = ind + ls[i]
				}
			}
			return strings.Join(ls, "\n"), nil
		},
		"attr":    func(s *State, v any, a []any, kw *Dict) (any, error) { return s.Attr(v, Str(a[0])) },
		"is_list": func(s *State, v any, a []any, kw *Dict) (any, error) { _, ok := v.(*List); return ok, nil },
		"items": func(s *State, v any, a []any, kw *Dict) (any, error) {
			if d, ok := v.(*Dict); ok {
				return &List{(&view{"", d, 2}).Iter()}, nil
			}
			return nil, fmt.Errorf("Can only get item pairs from a mapping.")
		},
		"batch": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			_, _, isInt, ok := num(a[0])
			n := toInt(a[0])
			if !ok || !isInt || n < 1 {
				return nil, fmt.Errorf("batch needs a positive integer")
			}
			fill, hasFill := any(nil), len(a) > 1
			if hasFill {
				fill = a[1]
			}
			o := &List{}
			for i := 0; i < len(it); i += n {
				c := append([]any{}, it[i:min(len(it), i+n)]...)
				for hasFill && fill != nil && len(c) < n {
					c = append(c, fill)
				}
				o.V = append(o.V, &List{c})
			}
			return o, nil
		},
		"dictsort": func(s *State, v any, a []any, kw *Dict) (any, error) {
			d, ok := v.(*Dict)
			if !ok {
				return nil, fmt.Errorf("dictsort needs a dict")
			}
			by := int64(0)
			if Str(arg(a, kw, 1, "by", "key")) == "value" {
				by = 1
			}
			r, err := sortVals((&view{"", d, 2}).Iter(), truthy(arg(a, kw, 2, "reverse", false)), truthy(arg(a, kw, 0, "case_sensitive", false)), func(v any) (any, error) { return v.(*Tuple).V[by], nil })
			return &List{r}, err
		},
		"groupby": func(s *State, v any, a []any, kw *Dict) (any, error) {
			it, err := iterate(v)
			if err != nil {
				return nil, err
			}
			key := pull(s, arg(a, kw, 0, "attribute", nil))
			srt, err := sortVals(it, false, false, key)
			if err != nil {
				return nil, err
			}
			o := &List{}
			for _, e := range srt {
				k, _ := key(e)
				if n := len(o.V); n > 0 && equal(o.V[n-1].(*group).k, k) {
					o.V[n-1].(*group).l.V = append(o.V[n-1].(*group).l.V, e)
					continue
				}
				o.V = append(o.V, &group{k, NewList(e)})
			}
			return o, nil
		},
		"format": func(s *State, v any, a []any, kw *Dict) (any, error) {
			if kw != nil {
				return pyPercent(Str(v), kw)
			}
			return pyPercent(Str(v), &Tuple{a})
		},
		"tojson":    func(s *State, v any, a []any, kw *Dict) (any, error) { return toJSON(v, true) },
		"wordcount": func(s *State, v any, a []any, kw *Dict) (any, error) { return int64(len(strings.Fields(Str(v)))), nil },
		"truncate": func(s *State, v any, a []any, kw *Dict) (any, error) {
			r := []rune(Str(v))
			n := toInt(arg(a, kw, 0, "length", int64(255)))
			end := Str(arg(a, kw, 2, "end", "..."))
			if len(r) <= n+5 {
				return string(r), nil
			}
			t := string(r[:max(0, n-len([]rune(end)))])
			if !truthy(arg(a, kw, 1, "killwords", false)) {
				if i := strings.LastIndex(t, " "); i >= 0 {
					t = t[:i]
				}
			}
			return t + end, nil
		},
	}
	is := func(f func(any) bool) Filter {
		return func(s *State, v any, a []any, kw *Dict) (any, error) { return f(v), nil }
	}
	cm := func(op func(int) bool) Filter {
		return func(s *State, v any, a []any, kw *Dict) (any, error) {
			c, err := cmp(v, a[0])
			return op(c), err
		}
	}
	eq := func(s *State, v any, a []any, kw *Dict) (any, error) { return equal(v, a[0]), nil }
	ne := func(s *State, v any, a []any, kw *Dict) (any, error) { return !equal(v, a[0]), nil }
	tests = map[string]Filter{
		"none": is(func(v any) bool { return v == nil }), "defined": is(func(v any) bool { _, u := v.(Undefined); return !u }), "undefined": is(func(v any) bool { _, u := v.(Undefined); return u }),
		"string": is(func(v any) bool { _, ok := v.(string); return ok }), "boolean": is(func(v any) bool { _, ok := v.(bool); return ok }),
		"integer": is(func(v any) bool { _, ok := v.(int64); return ok }), "float": is(func(v any) bool { _, ok := v.(float64); return ok }),
		"number": is(func(v any) bool { _, _, _, ok := num(v); return ok }),
		"mapping": is(func(v any) bool {
			if m, ok := v.(Mapping); ok {
				return m.IsMapping()
			}
			_, ok := v.(*Dict)
			return ok
		}),
		"sequence": is(func(v any) bool {
			switch v.(type) {
			case string, *List, *Tuple, *Dict, Undefined, interface{ NoJSON() }:
				return true
			}
			return false
		}),
		"iterable": is(func(v any) bool { _, err := iterate(v); return err == nil }),
		"callable": is(func(v any) bool { _, ok := v.(Callable); return ok }),
		"true":     is(func(v any) bool { b, ok := v.(bool); return ok && b }), "false": is(func(v any) bool { b, ok := v.(bool); return ok && !b }),
		"odd": is(func(v any) bool { i, _, _, _ := num(v); return i%2 != 0 }), "even": is(func(v any) bool { i, _, _, _ := num(v); return i%2 == 0 }),
		"lower": is(func(v any) bool { s := Str(v); return s == strings.ToLower(s) && s != strings.ToUpper(s) }), "upper": is(func(v any) bool { s := Str(v); return s == strings.ToUpper(s) && s != strings.ToLower(s) }),
		"divisibleby": func(s *State, v any, a []any, kw *Dict) (any, error) {
			r, err := binop("%", v, a[0])
			return err == nil && equal(r, int64(0)), err
		},
		"in": func(s *State, v any, a []any, kw *Dict) (any, error) { return contains(a[0], v) },
		"sameas": func(s *State, v any, a []any, kw *Dict) (any, error) {
			return typeName(v) == typeName(a[0]) && equal(v, a[0]), nil
		},
		"filter":  func(s *State, v any, a []any, kw *Dict) (any, error) { _, ok := s.filter(Str(v)); return ok, nil },
		"test":    func(s *State, v any, a []any, kw *Dict) (any, error) { _, ok := s.test(Str(v)); return ok, nil },
		"escaped": is(func(v any) bool { return false }),
		"eq":      eq, "equalto": eq, "==": eq, "ne": ne, "!=": ne,
		"gt": cm(func(c int) bool { return c > 0 }), "greaterthan": cm(func(c int) bool { return c > 0 }), ">": cm(func(c int) bool { return c > 0 }),
		"lt": cm(func(c int) bool { return c < 0 }), "lessthan": cm(func(c int) bool { return c < 0 }), "<": cm(func(c int) bool { return c < 0 }),
		"ge": cm(func(c int) bool { return c >= 0 }), ">=": cm(func(c int) bool { return c >= 0 }), "le": cm(func(c int) bool { return c <= 0 }), "<=": cm(func(c int) bool { return c <= 0 }),
	}
}

type group struct {
	k any
	l *List
}

func (g *group) Iter() []any { return []any{g.k, g.l} }
func (g *group) GetAttr(n string) (any, bool) {
	switch n {
	case "grouper":
		return g.k, true
	case "list":
		return g.l, true
	}
	return nil, false
}

// pyPercent is python's "fmt" % args.
func pyPercent(f string, v any) (any, error) {
	var args []any
	d, isD := v.(*Dict)
	if t, ok := v.(*Tuple); ok {
		args = t.V
	} else if !isD {
		args = []any{v}
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			b.WriteByte(f[i])
			continue
		}
		i++
		if i >= len(f) {
			return nil, fmt.Errorf("incomplete format")
		}
		if f[i] == '%' {
			b.WriteByte('%')
			continue
		}
		var a any
		if f[i] == '(' {
			e := strings.IndexByte(f[i:], ')')
			if e < 0 || !isD {
				return nil, fmt.Errorf("format requires a mapping")
			}
			a, _ = d.Get(f[i+1 : i+e])
			i += e + 1
		} else {
			if n >= len(args) {
				return nil, fmt.Errorf("not enough arguments for format string")
			}
			a = args[n]
			n++
		}
		st := i
		for i < len(f) && strings.IndexByte("-+ 0#.123456789", f[i]) >= 0 {
			i++
		}
		if i >= len(f) {
			return nil, fmt.Errorf("incomplete format")
		}
		spec := f[st:i]
		switch f[i] {
		case 's':
			fmt.Fprintf(&b, "%"+spec+"s", Str(a))
		case 'r':
			fmt.Fprintf(&b, "%"+spec+"s", Repr(a))
		case 'd', 'i', 'x', 'X', 'o', 'c':
			k, fl, isInt, ok := num(a)
			if !ok {
				return nil, fmt.Errorf("%%%c format: a real number is required, not %s", f[i], typeName(a))
			}
			if !isInt {
				k = int64(fl)
			}
			c := f[i]
			if c == 'i' {
				c = 'd'
			}
			fmt.Fprintf(&b, "%"+spec+string(c), k)
		case 'f', 'F', 'e', 'E', 'g', 'G':
			_, fl, _, ok := num(a)
			if !ok {
				return nil, fmt.Errorf("must be real number, not %s", typeName(a))
			}
			fmt.Fprintf(&b, "%"+spec+string(f[i]), fl)
		default:
			return nil, fmt.Errorf("unsupported format character '%c'", f[i])
		}
	}
	if !isD && n < len(args) {
		return nil, fmt.Errorf("not all arguments converted during string formatting")
	}
	return b.String(), nil
}

// pyFormat is str.format.
func pyFormat(s *State, f string, args []any, kw *Dict) (any, error) {
	var b strings.Builder
	auto := 0
	for i := 0; i < len(f); i++ {
		switch c := f[i]; {
		case (c == '{' || c == '}') && i+1 < len(f) && f[i+1] == c:
			b.WriteByte(c)
			i++
		case c == '{':
			e, dep := i+1, 1
			for e < len(f) {
				if f[e] == '{' {
					dep++
				} else if f[e] == '}' {
					if dep--; dep == 0 {
						break
					}
				}
				e++
			}
			if e >= len(f) {
				return nil, fmt.Errorf("expected '}' before end of string")
			}
			field := f[i+1 : e]
			i = e
			field, spec, _ := strings.Cut(field, ":")
			field, conv, _ := strings.Cut(field, "!")
			name := field
			rest := ""
			if k := strings.IndexAny(field, ".["); k >= 0 {
				name, rest = field[:k], field[k:]
			}
			var v any
			var ok bool
			if name == "" {
				name = strconv.Itoa(auto)
				auto++
			}
			if n, err := strconv.Atoi(name); err == nil {
				if ok = n < len(args); ok {
					v = args[n]
				}
			} else {
				v, ok = kw.Get(name)
			}
			if !ok {
				return nil, fmt.Errorf("str.format: no argument %s", name)
			}
			for rest != "" {
				var k any
				if rest[0] == '.' {
					e := strings.IndexAny(rest[1:], ".[")
					if e < 0 {
						e = len(rest) - 1
					}
					k, rest = rest[1:1+e], rest[1+e:]
				} else {
					e := strings.IndexByte(rest, ']')
					k, rest = rest[1:e], rest[e+1:]
					if n, err := strconv.ParseInt(k.(string), 10, 64); err == nil {
						k = n
					}
				}
				var err error
				if v, err = s.Item(v, k); err != nil {
					return nil, err
				}
			}
			if conv == "r" {
				v = Repr(v)
			}
			if strings.Contains(spec, "{") {
				sp, err := pyFormat(s, spec, args[min(auto, len(args)):], kw)
				if err != nil {
					return nil, err
				}
				spec = Str(sp)
			}
			o, err := formatSpec(v, spec)
			if err != nil {
				return nil, err
			}
			b.WriteString(o)
		case c == '}':
			return nil, fmt.Errorf("Single '}' encountered in format string")
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}
func formatSpec(v any, sp string) (string, error) {
	if sp == "" {
		return Str(v), nil
	}
	fill, align, sign := " ", byte(0), byte(0)
	r := []rune(sp)
	if len(r) > 1 && strings.ContainsRune("<>^=", r[1]) {
		fill, align = string(r[0]), byte(r[1])
		sp = string(r[2:])
	} else if strings.IndexByte("<>^=", sp[0]) >= 0 {
		align = sp[0]
		sp = sp[1:]
	}
	if sp != "" && strings.IndexByte("+- ", sp[0]) >= 0 {
		sign = sp[0]
		sp = sp[1:]
	}
	if strings.HasPrefix(sp, "0") {
		if align == 0 {
			fill, align = "0", '='
		}
		sp = sp[1:]
	}
	w, p, comma := 0, -1, false
	for sp != "" && sp[0] >= '0' && sp[0] <= '9' {
		w = w*10 + int(sp[0]-'0')
		sp = sp[1:]
	}
	if strings.HasPrefix(sp, ",") {
		comma = true
		sp = sp[1:]
	}
	if strings.HasPrefix(sp, ".") {
		p = 0
		sp = sp[1:]
		for sp != "" && sp[0] >= '0' && sp[0] <= '9' {
			p = p*10 + int(sp[0]-'0')
			sp = sp[1:]
		}
	}
	i, fl, isInt, isNum := num(v)
	var o, pre string
	switch {
	case sp == "s" || (sp == "" && !isNum):
		o = Str(v)
		if p >= 0 && p < len([]rune(o)) {
			o = string([]rune(o)[:p])
		}
		if align == 0 {
			align = '<'
		}
	case isNum:
		switch sp {
		case "d", "":
			if isInt {
				o = strconv.FormatInt(i, 10)
			} else if p >= 0 {
				o = strconv.FormatFloat(fl, 'g', p, 64)
			} else {
				o = fmtFloat(fl)
			}
		case "x", "X", "o", "b":
			o = strconv.FormatInt(i, map[string]int{"x": 16, "X": 16, "o": 8, "b": 2}[sp])
		case "f", "F", "e", "g", "%":
			if p < 0 {
				p = 6
			}
			if sp == "%" {
				o = strconv.FormatFloat(fl*100, 'f', p, 64) + "%"
			} else {
				o = strconv.FormatFloat(fl, sp[0]|32, p, 64)
			}
		default:
			return "", fmt.Errorf("Unknown format code '%s'", sp)
		}
		if strings.HasPrefix(o, "-") {
			pre, o = "-", o[1:]
		} else if sign == '+' || sign == ' ' {
			pre = string(sign)
		}
		if comma {
			ip, fp, has := strings.Cut(o, ".")
			var g []string
			for len(ip) > 3 {
				g = append([]string{ip[len(ip)-3:]}, g...)
				ip = ip[:len(ip)-3]
			}
			o = strings.Join(append([]string{ip}, g...), ",")
			if has {
				o += "." + fp
			}
		}
		if align == 0 {
			align = '>'
		}
	default:
		return "", fmt.Errorf("unsupported format string passed to %s.__format__", typeName(v))
	}
	n := w - len([]rune(pre+o))
	if n <= 0 {
		return pre + o, nil
	}
	switch align {
	case '<':
		return pre + o + strings.Repeat(fill, n), nil
	case '^':
		return strings.Repeat(fill, n/2) + pre + o + strings.Repeat(fill, n-n/2), nil
	case '=':
		return pre + strings.Repeat(fill, n) + o, nil
	}
	return strings.Repeat(fill, n) + pre + o, nil
}
