package jinja

import "fmt"

// callArgs are the arguments of a call as written.
type callArgs struct {
	plain            []expr
	names            []string
	named            []expr
	star, doubleStar expr
}

func (a *callArgs) eval(s *State, f *frame) ([]any, *Dict, error) {
	args, err := evalAll(a.plain, s, f)
	if err != nil {
		return nil, nil, err
	}
	var kw *Dict
	if len(a.names) > 0 || a.doubleStar != nil {
		kw = &Dict{entries: make([]entry, 0, len(a.names))}
	}
	for i, name := range a.names {
		v, err := a.named[i].eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		if _, twice := kw.Get(name); twice {
			return nil, nil, fmt.Errorf("keyword argument repeated: %s", name)
		}
		kw.Set(name, v)
	}
	if a.star != nil {
		v, err := a.star.eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		more, err := Iterate(v)
		if err != nil {
			return nil, nil, fmt.Errorf("argument after * must be an iterable, not %s", TypeName(v))
		}
		args = append(args, more...)
	}
	if a.doubleStar != nil {
		v, err := a.doubleStar.eval(s, f)
		if err != nil {
			return nil, nil, err
		}
		return args, kw, spread(kw, v)
	}
	return args, kw, nil
}

// spread adds the entries of **v.
func spread(kw *Dict, v any) error {
	d, ok := v.(*Dict)
	if !ok {
		return fmt.Errorf("argument after ** must be a mapping, not %s", TypeName(v))
	}
	for _, e := range d.entries {
		name, ok := e.key.(string)
		if !ok {
			return fmt.Errorf("keywords must be strings")
		}
		if _, twice := kw.Get(name); twice {
			return fmt.Errorf("got multiple values for keyword argument '%s'", name)
		}
		kw.Set(name, e.val)
	}
	return nil
}

type callExpr struct {
	f    expr
	args callArgs
	pos  int
}

func (x *callExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.call(s, f, nil)
	return v, s.at(err, x.place())
}

// place is where the name of what is called stands: for a reader that is where
// the call is.
func (x *callExpr) place() int {
	switch f := x.f.(type) {
	case *nameExpr:
		return f.pos
	case *attrExpr:
		return f.pos
	}
	return x.pos
}

// call evaluates the call; caller is the body of a call block, or nil.
func (x *callExpr) call(s *State, f *frame, caller *Macro) (any, error) {
	if attr, ok := x.f.(*attrExpr); ok && caller == nil {
		return x.callAttr(s, f, attr)
	}
	fn, err := x.f.eval(s, f)
	if err != nil {
		return nil, err
	}
	args, kw, err := x.args.eval(s, f)
	if err != nil {
		return nil, err
	}
	if caller != nil {
		if kw == nil {
			kw = &Dict{}
		}
		kw.Set("caller", caller)
	}
	return s.Call(fn, args, kw)
}

// callAttr calls value.name(...) without making a value of the bound method.
func (x *callExpr) callAttr(s *State, f *frame, attr *attrExpr) (any, error) {
	value, err := attr.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	var m operation
	switch value.(type) {
	case string, *List, *Tuple, *Dict:
		m = method(value, attr.name)
	}
	var fn any
	if m == nil {
		if fn, err = s.Attr(value, attr.name); err != nil {
			return nil, err
		}
	}
	args, kw, err := x.args.eval(s, f)
	if err != nil {
		return nil, err
	}
	if m != nil {
		return s.operate(attr.name, m, value, args, kw)
	}
	return s.Call(fn, args, kw)
}

// Call calls a value, as a template would.
func (s *State) Call(fn any, args []any, kw *Dict) (any, error) {
	if err := s.spend(1); err != nil {
		return nil, err
	}
	switch c := fn.(type) {
	case Callable:
		return c.Call(s, args, kw)
	case Undefined:
		return s.ofUndefined(c)
	}
	return nil, fmt.Errorf("'%s' object is not callable", TypeName(fn))
}

// boundMethod is value.name as a value.
type boundMethod struct {
	value any
	name  string
	op    operation
}

// Call calls the method.
func (m *boundMethod) Call(s *State, args []any, kw *Dict) (any, error) {
	return s.operate(m.name, m.op, m.value, args, kw)
}

func (m *boundMethod) typeName() string { return "builtin_function_or_method" }

func method(value any, name string) operation {
	switch value.(type) {
	case string:
		return textMethod(name)
	case *List:
		return listMethod(name)
	case *Tuple:
		return tupleMethod(name)
	case *Dict:
		return dictMethod(name)
	}
	return nil
}

// filterExpr is value|name(args). The value of nil is the text of the block the
// filter stands over.
type filterExpr struct {
	value expr
	name  string
	op    operation // nil when the name is not built in
	args  callArgs
	pos   int
}

func (x *filterExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	return x.apply(s, f, v)
}

// over filters a text, through the filters before this one.
func (x *filterExpr) over(s *State, f *frame, text string) (any, error) {
	var v any = text
	if inner, ok := x.value.(*filterExpr); ok {
		var err error
		if v, err = inner.over(s, f, text); err != nil {
			return nil, err
		}
	}
	return x.apply(s, f, v)
}

func (x *filterExpr) apply(s *State, f *frame, v any) (any, error) {
	args, kw, err := x.args.eval(s, f)
	if err != nil {
		return nil, s.at(err, x.pos)
	}
	v, err = s.use("filter", s.Filters, x.name, x.op, v, args, kw)
	return v, s.at(err, x.pos)
}

// testExpr is `value is name(args)`.
type testExpr struct {
	value expr
	name  string
	op    operation
	args  callArgs
	pos   int
}

func (x *testExpr) eval(s *State, f *frame) (any, error) {
	v, err := x.value.eval(s, f)
	if err != nil {
		return nil, err
	}
	args, kw, err := x.args.eval(s, f)
	if err != nil {
		return nil, s.at(err, x.pos)
	}
	v, err = s.use("test", s.Tests, x.name, x.op, v, args, kw)
	return Truth(v), s.at(err, x.pos)
}

// use applies a filter or test: the host's, else the built-in one.
func (s *State) use(kind string, host map[string]Filter, name string, op operation, v any, args []any, kw *Dict) (any, error) {
	if f, ok := host[name]; ok {
		return f(s, v, args, kw)
	}
	if op == nil {
		return nil, fmt.Errorf("no %s named '%s'", kind, name)
	}
	return s.operate(name, op, v, args, kw)
}
