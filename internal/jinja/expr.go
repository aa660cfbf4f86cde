package jinja

import (
	"fmt"
	"math/big"
	"strings"
)

// expr is an expression. Errors carry the place of the innermost expression
// that can fail.
type expr interface {
	eval(s *State, f *frame) (any, error)
}

type constExpr struct{ value any }

func (x *constExpr) eval(*State, *frame) (any, error) { return x.value, nil }

// nameExpr reads a name; see scope.
type nameExpr struct {
	name string
	refs []ref
	pos  int
}

func (x *nameExpr) eval(s *State, f *frame) (any, error) {
	for _, r := range x.refs {
		for range r.up {
			f = f.outer
		}
		if v, ok := f.get(r.slot); ok {
			return v, nil
		}
	}
	if s.Globals != nil {
		if v, ok := s.Globals(x.name); ok {
			return v, nil
		}
	}
	if v, ok := builtinGlobal(x.name); ok {
		return v, nil
	}
	return s.undefined(x.name), nil
}

type tupleExpr struct{ elements []expr }

func (x *tupleExpr) eval(s *State, f *frame) (any, error) {
	v, err := evalAll(x.elements, s, f)
	return &Tuple{v}, err
}

type listExpr struct{ elements []expr }

func (x *listExpr) eval(s *State, f *frame) (any, error) {
	v, err := evalAll(x.elements, s, f)
	return &List{v}, err
}

func evalAll(exprs []expr, s *State, f *frame) ([]any, error) {
	if len(exprs) == 0 {
		return nil, nil
	}
	out := make([]any, len(exprs))
	for i, e := range exprs {
		var err error
		if out[i], err = e.eval(s, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type dictExpr struct {
	keys, vals []expr
	pos        int
}

func (x *dictExpr) eval(s *State, f *frame) (any, error) {
	d := &Dict{}
	for i := range x.keys {
		k, err := x.keys[i].eval(s, f)
		if err != nil {
			return nil, err
		}
		if err := hashable(k); err != nil {
			return nil, s.at(err, x.pos)
		}
		v, err := x.vals[i].eval(s, f)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
	}
	return d, nil
}

// condExpr is `then if cond else otherwise`.
type condExpr struct{ cond, then, otherwise expr }

func (x *condExpr) eval(s *State, f *frame) (any, error) {
	c, err := x.cond.eval(s, f)
	switch {
	case err != nil:
		return nil, err
	case Truth(c):
		return x.then.eval(s, f)
	case x.otherwise == nil:
		return Undefined{hint: "the inline if-expression evaluated to false and no else section was defined"}, nil
	}
	return x.otherwise.eval(s, f)
}

type logicExpr struct {
	and  bool
	a, b expr
}

func (x *logicExpr) eval(s *State, f *frame) (any, error) {
	a, err := x.a.eval(s, f)
	if err != nil || Truth(a) != x.and {
		return a, err
	}
	return x.b.eval(s, f)
}

type notExpr struct{ value expr }

func (x *notExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	return !Truth(v), err
}

// compareExpr is a chain: a < b < c evaluates b once.
type compareExpr struct {
	first expr
	more  []comparand
	pos   int
}

type comparand struct {
	op    string
	value expr
}

func (x *compareExpr) eval(s *State, f *frame) (any, error) {
	left, err := x.first.eval(s, f)
	if err != nil {
		return nil, err
	}
	for _, c := range x.more {
		right, err := c.value.eval(s, f)
		if err != nil {
			return nil, err
		}
		ok, err := holds(c.op, left, right)
		if err != nil {
			return nil, s.at(err, x.pos)
		}
		if !ok {
			return false, nil
		}
		left = right
	}
	return true, nil
}

func holds(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return Equal(a, b), nil
	case "!=":
		return !Equal(a, b), nil
	case "in":
		return contains(b, a)
	case "not in":
		ok, err := contains(b, a)
		return !ok, err
	}
	if p, ok := a.(PartiallyOrdered); ok {
		if holds, ok := p.Holds(op, b); ok {
			return holds, nil
		}
	}
	c, err := compare(op, a, b, 0)
	switch op {
	case "<":
		return c < 0, err
	case "<=":
		return c <= 0, err
	case ">":
		return c > 0, err
	}
	return c >= 0, err
}

type concatExpr struct {
	parts []expr
	pos   int
}

func (x *concatExpr) eval(s *State, f *frame) (any, error) {
	var b strings.Builder
	for _, e := range x.parts {
		v, err := e.eval(s, f)
		if err != nil {
			return nil, err
		}
		t, err := s.text(v)
		if err == nil {
			err = s.fits(b.Len() + len(t))
		}
		if err != nil {
			return nil, s.at(err, x.pos)
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

type binaryExpr struct {
	op   string
	a, b expr
	pos  int
}

func (x *binaryExpr) eval(s *State, f *frame) (any, error) {
	a, err := x.a.eval(s, f)
	if err != nil {
		return nil, err
	}
	b, err := x.b.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err := s.binary(x.op, a, b)
	return v, s.at(err, x.pos)
}

type signExpr struct {
	value    expr
	negative bool
	pos      int
}

func (x *signExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	switch n := v.(type) {
	case float64:
		if x.negative {
			return -n, nil
		}
		return n, nil
	case bool, int64, *big.Int, Decimal:
		op := "+"
		if x.negative {
			op = "-"
		}
		v, err = s.binary(op, int64(0), v)
		return v, s.at(err, x.pos)
	case Undefined:
		return nil, s.at(n.err(), x.pos)
	}
	sign, op := "+", "pos"
	if x.negative {
		sign, op = "-", "neg"
	}
	if o, ok := v.(Operand); ok {
		if r, ok := o.Operate(op, nil, false); ok {
			return r, nil
		}
	}
	return nil, s.at(fmt.Errorf("bad operand type for unary %s: '%s'", sign, TypeName(v)), x.pos)
}
