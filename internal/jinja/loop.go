package jinja

import "fmt"

// forStmt is {% for target in elements if cond recursive %}.
type forStmt struct {
	target    target
	elements  expr
	cond      expr
	recursive bool
	scope     *scope
	elseScope *scope
	body      []stmt
	otherwise []stmt
	loopSlot  int // of `loop`; -1 when the body does not mention it
	pos       int
}

// loopControl is break (true) or continue.
type loopControl bool

func (x loopControl) exec(*State, *frame, *output) error {
	if x {
		return errBreak
	}
	return errContinue
}

func (x *forStmt) exec(s *State, f *frame, w *output) error {
	v, err := x.elements.eval(s, f)
	if err == nil {
		err = x.over(s, f, w, v, 0)
	}
	return s.at(err, x.pos)
}

// over loops over a value; depth counts the recursion of `loop(...)`.
func (x *forStmt) over(s *State, f *frame, w *output, v any, depth int) error {
	elements, err := Iterate(v)
	if err != nil {
		return err
	}
	if err := s.spend(len(elements)); err != nil {
		return err
	}
	if x.cond != nil {
		if elements, err = x.chosen(s, f, elements); err != nil {
			return err
		}
	}
	if len(elements) == 0 {
		if x.elseScope == nil {
			return nil
		}
		return run(x.otherwise, s, x.elseScope.enter(f), w)
	}
	var l *loop
	if x.loopSlot >= 0 {
		l = &loop{elements: elements, depth: depth}
		if x.recursive {
			l.recurse = x.recursion(f, depth)
		}
	}
	return x.iterate(s, f, w, elements, l)
}

func (x *forStmt) iterate(s *State, f *frame, w *output, elements []any, l *loop) error {
	var inner *frame
	for i, e := range elements {
		if inner == nil || x.scope.captured || inner == f {
			inner = x.scope.enter(f)
		} else {
			clear(inner.slots)
		}
		if l != nil {
			l.i = i
			inner.set(x.loopSlot, l)
		}
		if err := x.target.assign(s, inner, e); err != nil {
			return err
		}
		err := run(x.body, s, inner, w)
		if err == errBreak {
			return nil
		}
		if err != nil && err != errContinue {
			return err
		}
	}
	return nil
}

// chosen are the elements the condition holds for. It is decided for all of them
// before the first round, since loop.length counts only these.
func (x *forStmt) chosen(s *State, f *frame, elements []any) ([]any, error) {
	var out []any
	for _, e := range elements {
		inner := x.scope.enter(f)
		if err := x.target.assign(s, inner, e); err != nil {
			return nil, err
		}
		ok, err := x.cond.eval(s, inner)
		if err != nil {
			return nil, err
		}
		if Truth(ok) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (x *forStmt) recursion(f *frame, depth int) func(s *State, v any) (any, error) {
	return func(s *State, v any) (any, error) {
		if err := s.descend("loop"); err != nil {
			return nil, err
		}
		defer func() { s.depth-- }()
		var w output
		err := x.over(s, f, &w, v, depth+1)
		return w.text.String(), err
	}
}

// loop is the variable `loop`.
type loop struct {
	elements []any
	i        int
	depth    int
	changed  *Tuple
	recurse  func(s *State, v any) (any, error)
}

// GetAttr gives the attributes jinja documents.
func (l *loop) GetAttr(name string) (any, bool) {
	n := len(l.elements)
	switch name {
	case "index":
		return int64(l.i + 1), true
	case "index0":
		return int64(l.i), true
	case "revindex":
		return int64(n - l.i), true
	case "revindex0":
		return int64(n - l.i - 1), true
	case "first":
		return l.i == 0, true
	case "last":
		return l.i == n-1, true
	case "length":
		return int64(n), true
	case "depth":
		return int64(l.depth + 1), true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		return l.neighbour(l.i-1, "there is no previous item"), true
	case "nextitem":
		return l.neighbour(l.i+1, "there is no next item"), true
	case "cycle":
		return &function{"cycle", l.cycle}, true
	case "changed":
		return &function{"changed", l.hasChanged}, true
	}
	return nil, false
}

func (l *loop) neighbour(i int, missing string) any {
	if i < 0 || i >= len(l.elements) {
		return Undefined{hint: missing}
	}
	return l.elements[i]
}

func (l *loop) cycle(_ *State, _ any, a *arguments) (any, error) {
	v := a.rest(0)
	if len(v) == 0 {
		return nil, fmt.Errorf("no items for cycling given")
	}
	return v[l.i%len(v)], nil
}

func (l *loop) hasChanged(_ *State, _ any, a *arguments) (any, error) {
	now := &Tuple{a.rest(0)}
	if l.changed != nil && Equal(l.changed, now) {
		return false, nil
	}
	l.changed = now
	return true, nil
}

// Call descends in a recursive loop.
func (l *loop) Call(s *State, args []any, kw *Dict) (any, error) {
	if l.recurse == nil {
		return nil, fmt.Errorf("the loop must have the 'recursive' marker to be called recursively")
	}
	if len(args) != 1 || kw.Len() > 0 {
		return nil, fmt.Errorf("loop() takes exactly one argument")
	}
	return l.recurse(s, args[0])
}

// Str prints the loop as jinja does.
func (l *loop) Str() string { return fmt.Sprintf("<LoopContext %d/%d>", l.i+1, len(l.elements)) }

func (l *loop) typeName() string { return "LoopContext" }
