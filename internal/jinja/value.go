package jinja

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"unicode/utf8"
)

// The values of a template are nil (None), bool, int64 (beyond 64 bits
// *big.Int), float64, Decimal, string, *List, *Tuple, *Dict, Undefined, Callable and anything the host
// exposes by the interfaces below. FromGo makes them from plain Go data.

// List is Python's list: shared by everyone who holds it.
type List struct{ V []any }

// Tuple is Python's tuple.
type Tuple struct{ V []any }

// NewList returns a list of the values.
func NewList(v ...any) *List { return &List{V: v} }

// Undefined is the value of a missing name, attribute or item.
type Undefined struct {
	Name   string
	owner  string // what misses Name, as "dict object"; empty for a variable
	hint   string // replaces the usual message
	silent bool
}

func (u Undefined) err() error {
	switch {
	case u.hint != "":
		return fmt.Errorf("%s", u.hint)
	case u.owner != "":
		return fmt.Errorf("'%s' has no attribute '%s'", u.owner, u.Name)
	}
	return fmt.Errorf("'%s' is undefined", u.Name)
}

// Callable is anything a template can call. kw is nil without keyword arguments.
type Callable interface {
	Call(s *State, args []any, kw *Dict) (any, error)
}

// Func is a Callable made of a function.
type Func func(s *State, args []any, kw *Dict) (any, error)

// Call calls f.
func (f Func) Call(s *State, args []any, kw *Dict) (any, error) { return f(s, args, kw) }

// Object has attributes.
type Object interface {
	GetAttr(name string) (any, bool)
}

// Itemer has items; attributes that Object does not know are looked up here too.
type Itemer interface {
	GetItem(key any) (any, bool)
}

// Operand takes part in arithmetic.
type Operand interface {
	// Operate is `value op other`, or `other op value` when reflected; op is one
	// of + - * / // % **, or for the value alone neg, pos or abs. It is not ok
	// where that has no meaning.
	Operate(op string, other any, reflected bool) (v any, ok bool)
}

// PartiallyOrdered answers < <= > >= itself, because neither of two of its
// values need be the larger one, as with sets.
type PartiallyOrdered interface {
	Holds(op string, other any) (holds, ok bool)
}

// Stringer says how a value prints.
type Stringer interface{ Str() string }

// Formatter says what str.format() makes of a value with a format of its own.
type Formatter interface{ Format(spec string) string }

// Truther says whether a value is true; others always are.
type Truther interface{ Truth() bool }

// Reprer says how a value prints inside of others, where Str is for itself.
type Reprer interface{ Repr() string }

// Iterable has elements; their number is its length.
type Iterable interface{ Iter() []any }

// Iterator gives its elements once. It has no length, and may fail.
type Iterator interface{ Take() ([]any, error) }

// Container answers `x in value`; without it the elements are searched.
type Container interface{ Contains(v any) bool }

// Hasher makes a value usable as the key of a dict and comparable: two values
// are equal when their hashes are.
type Hasher interface{ Hash() string }

// Mapping answers the test `is mapping`.
type Mapping interface{ IsMapping() bool }

// Return is dbt's return(): it leaves the innermost macro with its argument as
// the macro's value. The host puts it among its globals.
var Return Callable = Func(func(_ *State, args []any, kw *Dict) (any, error) {
	switch len(args) {
	case 0:
		v, _ := kw.Get("data")
		return nil, &returned{v}
	case 1:
		return nil, &returned{args[0]}
	}
	return nil, &returned{&Tuple{args}}
})

// Truth is Python's bool(v).
func Truth(v any) bool {
	switch x := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case *big.Int:
		return true
	case float64:
		return x != 0
	case Decimal:
		return x.Sign() != 0
	case string:
		return x != ""
	case *List:
		return len(x.V) > 0
	case *Tuple:
		return len(x.V) > 0
	case *Dict:
		return x.Len() > 0
	case Truther:
		return x.Truth()
	}
	return true
}

// TypeName is the name Python gives to the type of v.
func TypeName(v any) string {
	switch x := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case Decimal:
		return "Decimal"
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
	case Func:
		return "function"
	case interface{ typeName() string }:
		return x.typeName()
	case interface{ TypeName() string }:
		return x.TypeName()
	}
	t := strings.TrimLeft(reflect.TypeOf(v).String(), "*")
	return t[strings.LastIndexByte(t, '.')+1:]
}

// owner is how jinja names the holder of a missing attribute.
func owner(v any) string {
	if v == nil {
		return "None"
	}
	return TypeName(v) + " object"
}

// Iterate gives the elements of v as a for loop sees them. The slice must not be changed.
func Iterate(v any) ([]any, error) {
	switch x := v.(type) {
	case *List:
		return x.V, nil
	case *Tuple:
		return x.V, nil
	case *Dict:
		return x.Keys(), nil
	case string:
		out := make([]any, 0, len(x))
		for _, r := range x {
			out = append(out, string(r))
		}
		return out, nil
	case Undefined:
		return nil, nil
	case Iterable:
		return x.Iter(), nil
	case Iterator:
		return x.Take()
	}
	return nil, fmt.Errorf("'%s' object is not iterable", TypeName(v))
}

// newListOf wraps elements that someone else may hold too: appending copies.
func newListOf(v []any) *List { return &List{V: v[:len(v):len(v)]} }

func length(v any) (int, error) {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case *List:
		return len(x.V), nil
	case *Tuple:
		return len(x.V), nil
	case *Dict:
		return x.Len(), nil
	case Undefined:
		return 0, nil
	case *generator:
		// Falls through to the error: a generator does not know its length.
	case *rangeValue:
		return x.len(), nil
	case Iterable:
		return len(x.Iter()), nil
	}
	return 0, fmt.Errorf("object of type '%s' has no len()", TypeName(v))
}

// generator is what map, select and their kin answer: always true, without a
// length, and empty once its elements were taken.
type generator struct {
	name     string
	elements []any
}

func (g *generator) Iter() []any {
	v := g.elements
	g.elements = nil
	return v
}
func (g *generator) Str() string      { return "<generator object " + g.name + ">" }
func (g *generator) typeName() string { return "generator" }

// texts is a list of strings.
func texts(v []string) *List {
	l := &List{V: make([]any, len(v))}
	for i, s := range v {
		l.V[i] = s
	}
	return l
}
