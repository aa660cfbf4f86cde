package jinja

import (
	"errors"
	"fmt"
	"strings"
)

type frame struct {
	vars   map[string]any
	parent *frame
}

func (f *frame) child() *frame { return &frame{parent: f} }
func (f *frame) get(n string) (any, bool) {
	for ; f != nil; f = f.parent {
		if v, ok := f.vars[n]; ok {
			return v, true
		}
	}
	return nil, false
}
func (f *frame) set(n string, v any) {
	if f.vars == nil {
		f.vars = map[string]any{}
	}
	f.vars[n] = v
}

type returnErr struct{ v any }

func (*returnErr) Error() string { return "return() outside of a macro" }

// Return is dbt's return(): unwinds to the innermost macro call.
var Return = Func(func(s *State, a []any, kw *Dict) (any, error) {
	if len(a) == 1 {
		return nil, &returnErr{a[0]}
	}
	if len(a) == 0 {
		if v, ok := kw.Get("data"); ok {
			return nil, &returnErr{v}
		}
		return nil, &returnErr{nil}
	}
	return nil, &returnErr{&Tuple{a}}
})

var errBreak, errContinue = errors.New("break"), errors.New("continue")

type expr interface {
	eval(s *State, f *frame) (any, error)
}
type stmt interface {
	exec(s *State, f *frame, w *strings.Builder) error
}
type (
	dataStmt struct{ s string }
	outStmt  struct {
		e    expr
		line int
	}
	ifArm struct {
		c expr
		b []stmt
	}
	ifStmt struct {
		arms []ifArm
		els  []stmt
	}
	forStmt struct {
		target, iter, cond expr
		body, els          []stmt
		rec                bool
		line               int
	}
	setStmt struct {
		t, e expr
		line int
	}
	setBlock struct {
		t, filter expr
		b         []stmt
		line      int
	}
	macroStmt struct{ d *Block }
	groupStmt struct{ b []stmt }
	callStmt  struct {
		c    *callExpr
		d    *Block
		line int
	}
	filterStmt struct {
		f    expr
		b    []stmt
		line int
	}
	withStmt struct {
		t, v []expr
		body []stmt
	}
	doStmt struct {
		e    expr
		line int
	}
	loopCtl struct{ k string }

	constExpr struct{ v any }
	nameExpr  struct {
		n    string
		line int
	}
	nsRef     struct{ n, a string }
	tupleExpr struct{ v []expr }
	listExpr  struct{ v []expr }
	dictExpr  struct{ k, v []expr }
	condExpr  struct{ c, a, b expr }
	boolExpr  struct {
		and  bool
		a, b expr
	}
	notExpr struct{ e expr }
	cmpExpr struct {
		e    expr
		ops  []string
		r    []expr
		line int
	}
	concatExpr struct{ p []expr }
	binExpr    struct {
		op   string
		a, b expr
		line int
	}
	negExpr struct {
		e    expr
		neg  bool
		line int
	}
	attrExpr struct {
		e    expr
		n    string
		line int
	}
	itemExpr struct {
		e, k expr
		line int
	}
	sliceExpr struct{ a, b, c expr }
	callExpr  struct {
		f           expr
		args        []expr
		kn          []string
		kv          []expr
		star, dstar expr
		line        int
	}
	filterExpr struct {
		e    expr
		name string
		c    *callExpr
		line int
	}
	testExpr struct {
		e    expr
		name string
		c    *callExpr
		line int
	}
)

func at(err error, line int) error {
	if err == nil || err == errBreak || err == errContinue {
		return err
	}
	switch err.(type) {
	case *returnErr, *Error:
		return err
	}
	return &Error{Msg: err.Error(), Pos: Pos{Line: line}, Cause: err}
}
func run(b []stmt, s *State, f *frame, w *strings.Builder) error {
	for _, x := range b {
		if err := x.exec(s, f, w); err != nil {
			return err
		}
	}
	return nil
}
func (x *dataStmt) exec(s *State, f *frame, w *strings.Builder) error { w.WriteString(x.s); return nil }
func (x *outStmt) exec(s *State, f *frame, w *strings.Builder) error {
	v, err := x.e.eval(s, f)
	if err != nil {
		return at(err, x.line)
	}
	if u, ok := v.(Undefined); ok && s.Undefined == UndefinedStrict {
		return at(fmt.Errorf("'%s' is undefined", u.Name), x.line)
	}
	w.WriteString(Str(v))
	return nil
}
func (x *doStmt) exec(s *State, f *frame, w *strings.Builder) error {
	_, err := x.e.eval(s, f)
	return at(err, x.line)
}
func (x *ifStmt) exec(s *State, f *frame, w *strings.Builder) error {
	for _, a := range x.arms {
		v, err := a.c.eval(s, f)
		if err != nil {
			return err
		}
		if truthy(v) {
			return run(a.b, s, f, w)
		}
	}
	return run(x.els, s, f, w)
}
func (x *groupStmt) exec(s *State, f *frame, w *strings.Builder) error { return run(x.b, s, f, w) }
func (x *loopCtl) exec(s *State, f *frame, w *strings.Builder) error {
	if x.k == "break" {
		return errBreak
	}
	return errContinue
}
func assign(s *State, f *frame, t expr, v any) error {
	switch x := t.(type) {
	case *nameExpr:
		f.set(x.n, v)
	case *nsRef:
		n, _ := f.get(x.n)
		ns, ok := n.(*Namespace)
		if !ok {
			return fmt.Errorf("cannot assign attribute on non-namespace object '%s'", x.n)
		}
		ns.D.Set(x.a, v)
	case *tupleExpr:
		it, err := iterate(v)
		if err != nil {
			return err
		}
		if len(it) != len(x.v) {
			return fmt.Errorf("cannot unpack %d values into %d targets", len(it), len(x.v))
		}
		for i, t := range x.v {
			if err := assign(s, f, t, it[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

type Namespace struct{ D *Dict }

func (n *Namespace) GetAttr(a string) (any, bool) { return n.D.Get(a) }
func (n *Namespace) Str() string                  { return "<Namespace " + Repr(n.D) + ">" }

type loopObj struct {
	i, n  int
	items []any
	rec   func(any) (any, error)
	last  any
	depth int
}

func (l *loopObj) GetAttr(a string) (any, bool) {
	switch a {
	case "index":
		return int64(l.i + 1), true
	case "index0":
		return int64(l.i), true
	case "revindex":
		return int64(l.n - l.i), true
	case "revindex0":
		return int64(l.n - l.i - 1), true
	case "first":
		return l.i == 0, true
	case "last":
		return l.i == l.n-1, true
	case "length":
		return int64(l.n), true
	case "depth":
		return int64(l.depth + 1), true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if l.i == 0 {
			return Undefined{Name: "previtem"}, true
		}
		return l.items[l.i-1], true
	case "nextitem":
		if l.i == l.n-1 {
			return Undefined{Name: "nextitem"}, true
		}
		return l.items[l.i+1], true
	case "cycle":
		return Func(func(s *State, a []any, kw *Dict) (any, error) { return a[l.i%len(a)], nil }), true
	case "changed":
		return Func(func(s *State, a []any, kw *Dict) (any, error) {
			t := &Tuple{a}
			if l.last != nil && equal(l.last, t) {
				return false, nil
			}
			l.last = t
			return true, nil
		}), true
	}
	return nil, false
}
func (l *loopObj) Call(s *State, a []any, kw *Dict) (any, error) { return l.rec(a[0]) }
func (x *forStmt) exec(s *State, f *frame, w *strings.Builder) error {
	v, err := x.iter.eval(s, f)
	if err != nil {
		return at(err, x.line)
	}
	return at(x.loop(s, f, w, v, 0), x.line)
}
func (x *forStmt) loop(s *State, f *frame, w *strings.Builder, v any, depth int) error {
	it, err := iterate(v)
	if err != nil {
		return err
	}
	if x.cond != nil {
		var o []any
		for _, e := range it {
			c := f.child()
			if err := assign(s, c, x.target, e); err != nil {
				return err
			}
			ok, err := x.cond.eval(s, c)
			if err != nil {
				return err
			}
			if truthy(ok) {
				o = append(o, e)
			}
		}
		it = o
	}
	if len(it) == 0 {
		return run(x.els, s, f.child(), w)
	}
	l := &loopObj{n: len(it), items: it, depth: depth}
	l.rec = func(v any) (any, error) {
		var b strings.Builder
		err := x.loop(s, f, &b, v, depth+1)
		return b.String(), err
	}
	for i, e := range it {
		c := f.child()
		c.set("loop", l)
		l.i = i
		if err := assign(s, c, x.target, e); err != nil {
			return err
		}
		if err := run(x.body, s, c, w); err != nil {
			if err == errBreak {
				break
			}
			if err == errContinue {
				continue
			}
			return err
		}
	}
	return nil
}
func (x *setStmt) exec(s *State, f *frame, w *strings.Builder) error {
	v, err := x.e.eval(s, f)
	if err == nil {
		err = assign(s, f, x.t, v)
	}
	return at(err, x.line)
}
func (x *setBlock) exec(s *State, f *frame, w *strings.Builder) error {
	var b strings.Builder
	if err := run(x.b, s, f.child(), &b); err != nil {
		return err
	}
	var v any = b.String()
	if x.filter != nil {
		var err error
		if v, err = x.filter.eval(s, filterInput(f, v)); err != nil {
			return at(err, x.line)
		}
	}
	return at(assign(s, f, x.t, v), x.line)
}

const inputVar = "\x00input"

func filterInput(f *frame, v any) *frame {
	c := f.child()
	c.set(inputVar, v)
	return c
}
func (x *filterStmt) exec(s *State, f *frame, w *strings.Builder) error {
	var b strings.Builder
	if err := run(x.b, s, f.child(), &b); err != nil {
		return err
	}
	v, err := x.f.eval(s, filterInput(f, b.String()))
	if err != nil {
		return at(err, x.line)
	}
	w.WriteString(Str(v))
	return nil
}
func (x *withStmt) exec(s *State, f *frame, w *strings.Builder) error {
	c := f.child()
	for i := range x.t {
		v, err := x.v[i].eval(s, f)
		if err != nil {
			return err
		}
		if err := assign(s, c, x.t[i], v); err != nil {
			return err
		}
	}
	return run(x.body, s, c, w)
}

// Macro is a callable bound to its defining frame.
type Macro struct {
	Block    *Block
	f        *frame
	Template string
	// Scope is what State.Scope answers while the macro runs: the host sets it
	// to whatever tells it whose names the macro may see (dbt: the package).
	Scope string
}

func (m *Macro) GetAttr(a string) (any, bool) {
	if a == "name" {
		return m.Block.Name, true
	}
	return nil, false
}
func (m *Macro) Call(s *State, args []any, kw *Dict) (any, error) { return m.call(s, args, kw, nil) }
func (m *Macro) call(s *State, args []any, kw *Dict, caller any) (any, error) {
	if s.depth++; s.depth > 400 {
		return nil, fmt.Errorf("maximum macro recursion depth exceeded in '%s'", m.Block.Name)
	}
	outer := s.scope
	s.scope = m.Scope
	if s.Entered != nil {
		s.Entered(m)
	}
	defer func() { s.depth--; s.scope = outer }()
	f := m.f.child()
	n := len(m.Block.Params)
	used := 0
	for i, p := range m.Block.Params {
		if i < len(args) {
			f.set(p.Name, args[i])
			if _, dup := kw.Get(p.Name); dup {
				return nil, fmt.Errorf("macro '%s' got multiple values for argument '%s'", m.Block.Name, p.Name)
			}
			continue
		}
		if v, ok := kw.Get(p.Name); ok {
			used++
			f.set(p.Name, v)
			continue
		}
		if p.def != nil {
			v, err := p.def.eval(s, f)
			if err != nil {
				return nil, err
			}
			f.set(p.Name, v)
			continue
		}
		f.set(p.Name, s.undef(p.Name))
	}
	va := &Tuple{}
	if len(args) > n {
		va.V = args[n:]
	}
	f.set("varargs", va)
	rest := NewDict()
	if kw != nil && used < kw.Len() {
		names := map[string]bool{}
		for _, p := range m.Block.Params {
			names[p.Name] = true
		}
		for i, k := range kw.keys {
			if !names[Str(k)] {
				rest.Set(k, kw.vals[i])
			}
		}
	}
	f.set("kwargs", rest)
	if caller != nil {
		f.set("caller", caller)
	} else if m.Block.Kind != "caller" {
		if c, ok := kw.Get("caller"); ok {
			f.set("caller", c)
		} else {
			f.set("caller", Undefined{Name: "caller"})
		}
	}
	var b strings.Builder
	err := run(m.Block.body, s, f, &b)
	if err != nil {
		var r *returnErr
		if errors.As(err, &r) && m.Block.Kind != "caller" {
			return r.v, nil
		}
		var e *Error
		if errors.As(err, &e) {
			if e.Template == "" {
				e.Template = m.Template
			}
			e.Stack = append(e.Stack, Call{Macro: m.Block.Name, Template: m.Template, Pos: m.Block.Pos})
		}
		return nil, err
	}
	return b.String(), nil
}
func (s *State) undef(n string) any {
	return Undefined{Name: n, silent: s.Undefined == UndefinedSilent}
}
func (x *macroStmt) exec(s *State, f *frame, w *strings.Builder) error {
	n := x.D().Name
	if x.d.Kind == "test" {
		n = "test_" + n
	} else if x.d.Kind == "materialization" {
		n = "materialization_" + n + "_" + x.d.Adapter
	}
	f.set(n, &Macro{Block: x.d, f: f, Scope: s.scope})
	return nil
}
func (x *macroStmt) D() *Block { return x.d }
func (x *callStmt) exec(s *State, f *frame, w *strings.Builder) error {
	fn, args, kw, err := x.c.prep(s, f)
	if err != nil {
		return at(err, x.line)
	}
	caller := &Macro{Block: x.d, f: f, Scope: s.scope}
	var v any
	if m, ok := fn.(*Macro); ok {
		v, err = m.call(s, args, kw, caller)
	} else if c, ok := fn.(Callable); ok {
		if kw == nil {
			kw = NewDict()
		}
		kw.Set("caller", caller)
		v, err = c.Call(s, args, kw)
	} else {
		err = fmt.Errorf("'%s' is not callable", typeName(fn))
	}
	if err != nil {
		return at(err, x.line)
	}
	w.WriteString(Str(v))
	return nil
}

func (x *constExpr) eval(s *State, f *frame) (any, error) { return x.v, nil }
func (x *nameExpr) eval(s *State, f *frame) (any, error) {
	if v, ok := f.get(x.n); ok {
		return v, nil
	}
	if s.Globals != nil {
		if v, ok := s.Globals(x.n); ok {
			return v, nil
		}
	}
	if v, ok := builtins[x.n]; ok {
		return v, nil
	}
	return s.undef(x.n), nil
}
func (x *nsRef) eval(s *State, f *frame) (any, error) { return nil, nil }
func evalAll(v []expr, s *State, f *frame) ([]any, error) {
	o := make([]any, len(v))
	for i, e := range v {
		var err error
		if o[i], err = e.eval(s, f); err != nil {
			return nil, err
		}
	}
	return o, nil
}
func (x *tupleExpr) eval(s *State, f *frame) (any, error) {
	v, err := evalAll(x.v, s, f)
	return &Tuple{v}, err
}
func (x *listExpr) eval(s *State, f *frame) (any, error) {
	v, err := evalAll(x.v, s, f)
	return &List{v}, err
}
func (x *dictExpr) eval(s *State, f *frame) (any, error) {
	d := NewDict()
	for i := range x.k {
		k, err := x.k[i].eval(s, f)
		if err != nil {
			return nil, err
		}
		v, err := x.v[i].eval(s, f)
		if err != nil {
			return nil, err
		}
		d.Set(k, v)
	}
	return d, nil
}
func (x *condExpr) eval(s *State, f *frame) (any, error) {
	c, err := x.c.eval(s, f)
	if err != nil {
		return nil, err
	}
	if truthy(c) {
		return x.a.eval(s, f)
	}
	if x.b == nil {
		return Undefined{Name: "inline if without else"}, nil
	}
	return x.b.eval(s, f)
}
func (x *boolExpr) eval(s *State, f *frame) (any, error) {
	a, err := x.a.eval(s, f)
	if err != nil || truthy(a) != x.and {
		return a, err
	}
	return x.b.eval(s, f)
}
func (x *notExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.e.eval(s, f)
	return !truthy(v), err
}
func (x *cmpExpr) eval(s *State, f *frame) (any, error) {
	l, err := x.e.eval(s, f)
	if err != nil {
		return nil, err
	}
	for i, op := range x.ops {
		r, err := x.r[i].eval(s, f)
		if err != nil {
			return nil, err
		}
		var ok bool
		switch op {
		case "==":
			ok = equal(l, r)
		case "!=":
			ok = !equal(l, r)
		case "in":
			ok, err = contains(r, l)
		case "notin":
			ok, err = contains(r, l)
			ok = !ok
		default:
			var c int
			c, err = cmp(l, r)
			switch op {
			case "<":
				ok = c < 0
			case "<=":
				ok = c <= 0
			case ">":
				ok = c > 0
			case ">=":
				ok = c >= 0
			}
		}
		if err != nil {
			return nil, at(err, x.line)
		}
		if !ok {
			return false, nil
		}
		l = r
	}
	return true, nil
}
func (x *concatExpr) eval(s *State, f *frame) (any, error) {
	var b strings.Builder
	for _, e := range x.p {
		v, err := e.eval(s, f)
		if err != nil {
			return nil, err
		}
		b.WriteString(Str(v))
	}
	return b.String(), nil
}
func (x *binExpr) eval(s *State, f *frame) (any, error) {
	a, err := x.a.eval(s, f)
	if err != nil {
		return nil, err
	}
	b, err := x.b.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err := binop(x.op, a, b)
	return v, at(err, x.line)
}
func (x *negExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.e.eval(s, f)
	if err != nil || !x.neg {
		return v, err
	}
	v, err = binop("-", int64(0), v)
	return v, at(err, x.line)
}
func (x *sliceExpr) eval(s *State, f *frame) (any, error) { return nil, fmt.Errorf("bad slice") }
func (x *attrExpr) eval(s *State, f *frame) (any, error) {
	o, err := x.e.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err := s.Attr(o, x.n)
	return v, at(err, x.line)
}

// Attr is jinja's foo.bar: attribute first, then item.
func (s *State) Attr(o any, n string) (any, error) {
	switch v := o.(type) {
	case Undefined:
		if v.silent {
			return v, nil
		}
		return nil, fmt.Errorf("'%s' is undefined", v.Name)
	case Object:
		if r, ok := v.GetAttr(n); ok {
			return r, nil
		}
	}
	if m := method(o, n); m != nil {
		return m, nil
	}
	if d, ok := o.(*Dict); ok {
		if r, ok := d.Get(n); ok {
			return r, nil
		}
	}
	if d, ok := o.(Itemer); ok {
		if r, ok := d.GetItem(n); ok {
			return r, nil
		}
	}
	return Undefined{Name: typeName(o) + "." + n}, nil
}
func (s *State) Item(o, k any) (any, error) {
	switch v := o.(type) {
	case Undefined:
		if v.silent {
			return v, nil
		}
		return nil, fmt.Errorf("'%s' is undefined", v.Name)
	case *Dict:
		if r, ok := v.Get(k); ok {
			return r, nil
		}
	case Itemer:
		if r, ok := v.GetItem(k); ok {
			return r, nil
		}
	case *List, *Tuple, string:
		if i, _, isInt, ok := num(k); ok && isInt {
			it, _ := iterate(o)
			if i < 0 {
				i += int64(len(it))
			}
			if i >= 0 && i < int64(len(it)) {
				return it[i], nil
			}
			return Undefined{Name: fmt.Sprintf("%s[%d]", typeName(o), i)}, nil
		}
	}
	if n, ok := k.(string); ok {
		if ob, ok := o.(Object); ok {
			if r, ok := ob.GetAttr(n); ok {
				return r, nil
			}
		}
		if m := method(o, n); m != nil {
			return m, nil
		}
	}
	return Undefined{Name: typeName(o) + "[" + Repr(k) + "]"}, nil
}
func (x *itemExpr) eval(s *State, f *frame) (any, error) {
	o, err := x.e.eval(s, f)
	if err != nil {
		return nil, err
	}
	if sl, ok := x.k.(*sliceExpr); ok {
		v, err := slice(s, f, o, sl)
		return v, at(err, x.line)
	}
	k, err := x.k.eval(s, f)
	if err != nil {
		return nil, err
	}
	v, err := s.Item(o, k)
	return v, at(err, x.line)
}
func slice(s *State, f *frame, o any, x *sliceExpr) (any, error) {
	if u, ok := o.(Undefined); ok {
		return nil, fmt.Errorf("'%s' is undefined", u.Name)
	}
	if so, ok := o.(interface{ Slice() any }); ok {
		for _, e := range []expr{x.a, x.b, x.c} {
			if e != nil {
				if _, err := e.eval(s, f); err != nil {
					return nil, err
				}
			}
		}
		return so.Slice(), nil
	}
	it, err := iterate(o)
	if err != nil {
		return nil, err
	}
	n := int64(len(it))
	get := func(e expr) (int64, bool, error) {
		if e == nil {
			return 0, false, nil
		}
		v, err := e.eval(s, f)
		if err != nil || v == nil {
			return 0, false, err
		}
		i, _, isInt, ok := num(v)
		if !ok || !isInt {
			return 0, false, fmt.Errorf("slice indices must be integers or None")
		}
		return i, true, nil
	}
	step, okS, err := get(x.c)
	if err != nil {
		return nil, err
	}
	if !okS {
		step = 1
	}
	if step == 0 {
		return nil, fmt.Errorf("slice step cannot be zero")
	}
	a, okA, err := get(x.a)
	if err != nil {
		return nil, err
	}
	b, okB, err := get(x.b)
	if err != nil {
		return nil, err
	}
	clamp := func(i, lo, hi int64) int64 {
		if i < 0 {
			i += n
		}
		return max(lo, min(i, hi))
	}
	var out []any
	if step > 0 {
		lo, hi := int64(0), n
		if okA {
			lo = clamp(a, 0, n)
		}
		if okB {
			hi = clamp(b, 0, n)
		}
		for i := lo; i < hi; i += step {
			out = append(out, it[i])
		}
	} else {
		lo, hi := n-1, int64(-1)
		if okA {
			lo = clamp(a, -1, n-1)
		}
		if okB {
			hi = clamp(b, -1, n-1)
		}
		for i := lo; i > hi; i += step {
			out = append(out, it[i])
		}
	}
	switch o.(type) {
	case string:
		var sb strings.Builder
		for _, e := range out {
			sb.WriteString(e.(string))
		}
		return sb.String(), nil
	case *Tuple:
		return &Tuple{out}, nil
	}
	return &List{out}, nil
}
func (x *callExpr) argv(s *State, f *frame) ([]any, *Dict, error) {
	args, err := evalAll(x.args, s, f)
	if err != nil {
		return nil, nil, err
	}
	var kw *Dict
	if len(x.kn) > 0 || x.dstar != nil {
		kw = NewDict()
	}
	for i, n := range x.kn {
		v, err := x.kv[i].eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		kw.Set(n, v)
	}
	if x.star != nil {
		v, err := x.star.eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		it, err := iterate(v)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, it...)
	}
	if x.dstar != nil {
		v, err := x.dstar.eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		if d, ok := v.(*Dict); ok {
			for i, k := range d.keys {
				kw.Set(k, d.vals[i])
			}
		}
	}
	return args, kw, nil
}
func (x *callExpr) prep(s *State, f *frame) (any, []any, *Dict, error) {
	fn, err := x.f.eval(s, f)
	if err != nil {
		return nil, nil, nil, err
	}
	args, kw, err := x.argv(s, f)
	return fn, args, kw, err
}
func (x *callExpr) eval(s *State, f *frame) (any, error) {
	fn, args, kw, err := x.prep(s, f)
	if err != nil {
		return nil, at(err, x.line)
	}
	c, ok := fn.(Callable)
	if !ok {
		if u, isU := fn.(Undefined); isU {
			if u.silent {
				return u, nil
			}
			return nil, at(fmt.Errorf("'%s' is undefined", u.Name), x.line)
		}
		return nil, at(fmt.Errorf("'%s' object is not callable", typeName(fn)), x.line)
	}
	v, err := c.Call(s, args, kw)
	return v, at(err, x.line)
}
func (s *State) filter(n string) (Filter, bool) {
	if f, ok := s.Filters[n]; ok {
		return f, true
	}
	f, ok := filters[n]
	return f, ok
}
func (s *State) test(n string) (Filter, bool) {
	if f, ok := s.Tests[n]; ok {
		return f, true
	}
	f, ok := tests[n]
	return f, ok
}
func (x *filterExpr) eval(s *State, f *frame) (any, error) {
	fn, ok := s.filter(x.name)
	if !ok {
		return nil, at(fmt.Errorf("no filter named '%s'", x.name), x.line)
	}
	var v any
	var err error
	if x.e == nil {
		v, _ = f.get(inputVar)
	} else if v, err = x.e.eval(s, f); err != nil {
		return nil, err
	}
	var args []any
	var kw *Dict
	if x.c != nil {
		if args, kw, err = x.c.argv(s, f); err != nil {
			return nil, err
		}
	}
	v, err = fn(s, v, args, kw)
	return v, at(err, x.line)
}
func (x *testExpr) eval(s *State, f *frame) (any, error) {
	fn, ok := s.test(x.name)
	if !ok {
		return nil, at(fmt.Errorf("no test named '%s'", x.name), x.line)
	}
	v, err := x.e.eval(s, f)
	if err != nil {
		return nil, err
	}
	var args []any
	var kw *Dict
	if x.c != nil {
		if args, kw, err = x.c.argv(s, f); err != nil {
			return nil, err
		}
	}
	v, err = fn(s, v, args, kw)
	return v, at(err, x.line)
}

// Module evaluates the top level of a template and returns its frame's values (macros, sets).
func (t *Template) Module(s *State) (map[string]any, string, error) {
	f := &frame{vars: map[string]any{}}
	var b strings.Builder
	err := run(t.body, s, f, &b)
	for _, v := range f.vars {
		if m, ok := v.(*Macro); ok {
			m.Template = t.Name
		}
	}
	var e *Error
	if errors.As(err, &e) && e.Template == "" {
		e.Template = t.Name
	}
	return f.vars, b.String(), err
}

// Defs binds macros without running the template body (dbt loads macros this way, lazily running sets).
func (t *Template) Defs() map[string]*Macro {
	out := map[string]*Macro{}
	f := &frame{vars: map[string]any{}}
	for _, d := range t.Blocks {
		if d.Kind == "docs" || d.Kind == "snapshot" {
			continue
		}
		n := d.Name
		if d.Kind == "test" {
			n = "test_" + n
		} else if d.Kind == "materialization" {
			n = "materialization_" + n + "_" + d.Adapter
		}
		out[n] = &Macro{Block: d, f: f, Template: t.Name}
	}
	return out
}
func (t *Template) Render(s *State) (string, error) {
	_, out, err := t.Module(s)
	return out, err
}
