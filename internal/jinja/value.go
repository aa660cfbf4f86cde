package jinja

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Values: nil(None) bool int64 float64 string *List *Tuple *Dict Undefined Callable Object
type List struct{ V []any }
type Tuple struct{ V []any }
type Dict struct {
	keys, vals []any
	idx        map[string]int
}
type Callable interface {
	Call(s *State, args []any, kw *Dict) (any, error)
}
type Func func(s *State, args []any, kw *Dict) (any, error)

func (f Func) Call(s *State, a []any, kw *Dict) (any, error) { return f(s, a, kw) }

// Object is anything the host exposes (Relation, Column, adapter, ...).
type Object interface{ GetAttr(name string) (any, bool) }
type Itemer interface{ GetItem(key any) (any, bool) }
type Stringer interface{ Str() string }
type Truther interface{ Truth() bool }
type Iterable interface{ Iter() []any }
type Hasher interface{ Hash() string }
type Mapping interface{ IsMapping() bool }

func NewList(v ...any) *List { return &List{V: v} }
func NewDict(kv ...any) *Dict {
	d := &Dict{idx: map[string]int{}}
	for i := 0; i+1 < len(kv); i += 2 {
		d.Set(kv[i], kv[i+1])
	}
	return d
}
func hkey(v any) string {
	switch x := v.(type) {
	case nil:
		return "n"
	case bool:
		if x {
			return "i1"
		}
		return "i0"
	case int64:
		return "i" + strconv.FormatInt(x, 10)
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1e18 {
			return "i" + strconv.FormatInt(int64(x), 10)
		}
		return "f" + strconv.FormatFloat(x, 'g', -1, 64)
	case string:
		return "s" + x
	case *Tuple:
		var b strings.Builder
		b.WriteString("t(")
		for _, e := range x.V {
			k := hkey(e)
			fmt.Fprintf(&b, "%d:%s,", len(k), k)
		}
		return b.String()
	case Hasher:
		return "h" + x.Hash()
	}
	return fmt.Sprintf("p%p", v)
}
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.keys)
}
func (d *Dict) Get(k any) (any, bool) {
	if d == nil {
		return nil, false
	}
	i, ok := d.idx[hkey(k)]
	if !ok {
		return nil, false
	}
	return d.vals[i], true
}
func (d *Dict) Set(k, v any) {
	h := hkey(k)
	if i, ok := d.idx[h]; ok {
		d.vals[i] = v
		return
	}
	d.idx[h] = len(d.keys)
	d.keys = append(d.keys, k)
	d.vals = append(d.vals, v)
}
func (d *Dict) Del(k any) {
	h := hkey(k)
	i, ok := d.idx[h]
	if !ok {
		return
	}
	d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
	d.vals = append(d.vals[:i:i], d.vals[i+1:]...)
	delete(d.idx, h)
	for k, j := range d.idx {
		if j > i {
			d.idx[k] = j - 1
		}
	}
}
func (d *Dict) Keys() []any { return append([]any(nil), d.keys...) }
func (d *Dict) Vals() []any { return append([]any(nil), d.vals...) }
func (d *Dict) Copy() *Dict {
	n := NewDict()
	for i, k := range d.keys {
		n.Set(k, d.vals[i])
	}
	return n
}

func truthy(v any) bool {
	switch x := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case *List:
		return len(x.V) > 0
	case *Tuple:
		return len(x.V) > 0
	case *Dict:
		return len(x.keys) > 0
	case Truther:
		return x.Truth()
	}
	return true
}

func fmtFloat(f float64) string {
	if math.IsInf(f, 1) {
		return "inf"
	}
	if math.IsInf(f, -1) {
		return "-inf"
	}
	if math.IsNaN(f) {
		return "nan"
	}
	a := math.Abs(f)
	if a != 0 && (a < 1e-4 || a >= 1e16) {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		return s
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsAny(s, ".") {
		s += ".0"
	}
	return s
}

// Str is python str().
func Str(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case Undefined:
		return ""
	}
	return Repr(v)
}
func reprStr(s string) string {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	var b strings.Builder
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 32 || r == 127:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(q)
	return b.String()
}
func Repr(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		if x {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return fmtFloat(x)
	case string:
		return reprStr(x)
	case Undefined:
		return "Undefined"
	case *List:
		return "[" + joinRepr(x.V) + "]"
	case *Tuple:
		if len(x.V) == 1 {
			return "(" + Repr(x.V[0]) + ",)"
		}
		return "(" + joinRepr(x.V) + ")"
	case *Dict:
		var b strings.Builder
		b.WriteByte('{')
		for i, k := range x.keys {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(Repr(k))
			b.WriteString(": ")
			b.WriteString(Repr(x.vals[i]))
		}
		b.WriteByte('}')
		return b.String()
	case Stringer:
		return x.Str()
	case fmt.Stringer:
		return x.String()
	}
	return fmt.Sprintf("<%T>", v)
}
func joinRepr(v []any) string {
	p := make([]string, len(v))
	for i, e := range v {
		p[i] = Repr(e)
	}
	return strings.Join(p, ", ")
}

func num(v any) (i int64, f float64, isInt, ok bool) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, 1, true, true
		}
		return 0, 0, true, true
	case int64:
		return x, float64(x), true, true
	case float64:
		return 0, x, false, true
	}
	return
}
func equal(a, b any) bool {
	if ai, af, aint, ok := num(a); ok {
		if bi, bf, bint, ok := num(b); ok {
			if aint && bint {
				return ai == bi
			}
			return af == bf
		}
		return false
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case Undefined:
		_, ok := b.(Undefined)
		return ok
	case string:
		y, ok := b.(string)
		return ok && x == y
	case *List:
		y, ok := b.(*List)
		return ok && eqSlice(x.V, y.V)
	case *Tuple:
		y, ok := b.(*Tuple)
		return ok && eqSlice(x.V, y.V)
	case *Dict:
		y, ok := b.(*Dict)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for i, k := range x.keys {
			v, ok := y.Get(k)
			if !ok || !equal(x.vals[i], v) {
				return false
			}
		}
		return true
	case Hasher:
		y, ok := b.(Hasher)
		return ok && x.Hash() == y.Hash()
	}
	return a == b
}
func eqSlice(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
func cmp(a, b any) (int, error) {
	if ai, af, aint, ok := num(a); ok {
		if bi, bf, bint, ok := num(b); ok {
			if aint && bint {
				switch {
				case ai < bi:
					return -1, nil
				case ai > bi:
					return 1, nil
				}
				return 0, nil
			}
			switch {
			case af < bf:
				return -1, nil
			case af > bf:
				return 1, nil
			}
			return 0, nil
		}
	}
	if _, ok := a.(interface{ NoJSON() }); ok {
		return strings.Compare(Str(a), Str(b)), nil
	}
	if _, ok := b.(interface{ NoJSON() }); ok {
		return strings.Compare(Str(a), Str(b)), nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case *List:
		if y, ok := b.(*List); ok {
			return cmpSlice(x.V, y.V)
		}
	case *Tuple:
		if y, ok := b.(*Tuple); ok {
			return cmpSlice(x.V, y.V)
		}
	}
	return 0, fmt.Errorf("'<' not supported between instances of '%s' and '%s'", typeName(a), typeName(b))
}
func cmpSlice(a, b []any) (int, error) {
	for i := 0; i < len(a) && i < len(b); i++ {
		if equal(a[i], b[i]) {
			continue
		}
		return cmp(a[i], b[i])
	}
	return len(a) - len(b), nil
}
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case *List:
		return "list"
	case *Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Undefined:
		return "Undefined"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "*")
}
func iterate(v any) ([]any, error) {
	switch x := v.(type) {
	case *List:
		return x.V, nil
	case *Tuple:
		return x.V, nil
	case *Dict:
		return x.Keys(), nil
	case string:
		o := make([]any, 0, len(x))
		for _, r := range x {
			o = append(o, string(r))
		}
		return o, nil
	case Undefined:
		return nil, nil
	case Iterable:
		return x.Iter(), nil
	}
	return nil, fmt.Errorf("'%s' object is not iterable", typeName(v))
}
func length(v any) (int, error) {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case *Dict:
		return len(x.keys), nil
	case Undefined:
		return 0, nil
	}
	it, err := iterate(v)
	if err != nil {
		return 0, fmt.Errorf("object of type '%s' has no len()", typeName(v))
	}
	return len(it), nil
}
func contains(c, v any) (bool, error) {
	switch x := c.(type) {
	case string:
		y, ok := v.(string)
		if !ok {
			return false, fmt.Errorf("'in <string>' requires string as left operand, not %s", typeName(v))
		}
		return strings.Contains(x, y), nil
	case *Dict:
		_, ok := x.Get(v)
		return ok, nil
	}
	it, err := iterate(c)
	if err != nil {
		return false, fmt.Errorf("argument of type '%s' is not iterable", typeName(c))
	}
	for _, e := range it {
		if equal(e, v) {
			return true, nil
		}
	}
	return false, nil
}
func floorDiv(a, b int64) int64 {
	q := a / b
	if (a%b != 0) && ((a < 0) != (b < 0)) {
		q--
	}
	return q
}
func binop(op string, a, b any) (any, error) {
	ai, af, aint, aok := num(a)
	bi, bf, bint, bok := num(b)
	if aok && bok {
		both := aint && bint
		switch op {
		case "+":
			if both {
				return ai + bi, nil
			}
			return af + bf, nil
		case "-":
			if both {
				return ai - bi, nil
			}
			return af - bf, nil
		case "*":
			if both {
				return ai * bi, nil
			}
			return af * bf, nil
		case "/":
			if bf == 0 {
				return nil, fmt.Errorf("division by zero")
			}
			return af / bf, nil
		case "//":
			if bf == 0 {
				return nil, fmt.Errorf("integer division or modulo by zero")
			}
			if both {
				return floorDiv(ai, bi), nil
			}
			return math.Floor(af / bf), nil
		case "%":
			if bf == 0 {
				return nil, fmt.Errorf("integer modulo by zero")
			}
			if both {
				return ai - bi*floorDiv(ai, bi), nil
			}
			return af - bf*math.Floor(af/bf), nil
		case "**":
			if both && bi >= 0 {
				r := int64(1)
				for i := int64(0); i < bi; i++ {
					r *= ai
				}
				return r, nil
			}
			return math.Pow(af, bf), nil
		}
	}
	switch x := a.(type) {
	case string:
		switch y := b.(type) {
		case string:
			if op == "+" {
				return x + y, nil
			}
		case int64:
			if op == "*" {
				return strings.Repeat(x, max(0, int(y))), nil
			}
		}
		if op == "%" {
			return pyPercent(x, b)
		}
	case *List:
		if y, ok := b.(*List); ok && op == "+" {
			return NewList(append(append([]any{}, x.V...), y.V...)...), nil
		}
		if op == "*" && bok && bint {
			o := []any{}
			for i := int64(0); i < bi; i++ {
				o = append(o, x.V...)
			}
			return NewList(o...), nil
		}
	case *Tuple:
		if y, ok := b.(*Tuple); ok && op == "+" {
			return &Tuple{append(append([]any{}, x.V...), y.V...)}, nil
		}
	case int64:
		if y, ok := b.(string); ok && op == "*" {
			return strings.Repeat(y, max(0, int(x))), nil
		}
	}
	return nil, fmt.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", op, typeName(a), typeName(b))
}
func sortVals(v []any, rev, cs bool, key func(any) (any, error)) ([]any, error) {
	type kv struct{ k, v any }
	o := make([]kv, len(v))
	for i, e := range v {
		k := e
		var err error
		if key != nil {
			if k, err = key(e); err != nil {
				return nil, err
			}
		}
		if s, ok := k.(string); ok && !cs {
			k = strings.ToLower(s)
		}
		o[i] = kv{k, e}
	}
	var serr error
	sort.SliceStable(o, func(i, j int) bool {
		c, err := cmp(o[i].k, o[j].k)
		if err != nil {
			serr = err
		}
		if rev {
			return c > 0
		}
		return c < 0
	})
	r := make([]any, len(v))
	for i := range o {
		r[i] = o[i].v
	}
	return r, serr
}
