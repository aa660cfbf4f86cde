package jinja

import "fmt"

// Macro is a definition bound to the names around it. It never changes once the
// host has set Scope, and may be called from many renders at once.
type Macro struct {
	Block    *Block
	Template string
	// Scope is what State.Scope answers while the macro runs: the host sets it
	// to whatever says whose names the macro sees (of dbt: the package).
	Scope string

	frame *frame
}

// GetAttr gives name and caller, as jinja's macros do.
func (m *Macro) GetAttr(name string) (any, bool) {
	switch name {
	case "name":
		return m.Block.Name, true
	case "caller":
		return m.Block.caller.accepted, true
	}
	return nil, false
}

// Call runs the macro. Its value is what return() was given, else its text.
func (m *Macro) Call(s *State, args []any, kw *Dict) (any, error) {
	if err := s.descend(m.Block.Name); err != nil {
		return nil, err
	}
	template, scope := s.template, s.scope
	s.template, s.scope = m.Block.template, m.Scope
	defer func() {
		s.depth--
		s.template, s.scope = template, scope
	}()
	if s.Entered != nil && m.Block.Kind != kindCaller {
		s.Entered(m)
	}
	f := m.Block.scope.enter(m.frame)
	if err := m.bind(s, f, args, kw); err != nil {
		// A wrong call is an error of the caller, and placed there.
		return nil, err
	}
	text, err := capture(m.Block.body, s, f)
	if err == nil {
		return text, nil
	}
	if r, ok := err.(*returned); ok && m.Block.Kind != kindCaller {
		return r.value, nil
	}
	return nil, m.stacked(s.at(err, 0))
}

// stacked adds the macro to the stack of an error that leaves it.
func (m *Macro) stacked(err error) error {
	if e, ok := err.(*Error); ok {
		e.Stack = append(e.Stack, Call{Macro: m.Block.Name, Template: m.Template, Pos: m.Block.Pos})
	}
	return err
}

func (s *State) descend(name string) error {
	if limit := orDefault(s.Limits.Depth, defaultDepth); s.depth >= limit {
		return fmt.Errorf("macros are called more than %d levels deep in '%s'", limit, name)
	}
	s.depth++
	return nil
}

// bind puts the arguments into the frame by jinja's rules: what is not declared
// goes to varargs and kwargs, and is an error when the body mentions neither.
func (m *Macro) bind(s *State, f *frame, args []any, kw *Dict) error {
	b := m.Block
	kw, err := m.bindCaller(f, kw)
	if err != nil {
		return err
	}
	used := 0
	for i, p := range b.Params {
		if i < len(args) {
			f.set(p.slot, args[i])
			continue
		}
		if v, ok := kw.Get(p.Name); ok {
			used++
			f.set(p.slot, v)
			continue
		}
		if err := m.bindDefault(s, f, p); err != nil {
			return err
		}
	}
	extra := args[min(len(b.Params), len(args)):]
	if b.varargs.slot >= 0 && b.varargs.accepted {
		f.set(b.varargs.slot, &Tuple{extra[:len(extra):len(extra)]})
	}
	if used < kw.Len() || b.kwargs.accepted {
		if err := m.bindKeywords(f, kw, len(args)); err != nil {
			return err
		}
	}
	if len(extra) > 0 && !b.varargs.accepted {
		return fmt.Errorf("macro '%s' takes not more than %d argument(s)", b.Name, len(b.Params))
	}
	return nil
}

func (m *Macro) bindDefault(s *State, f *frame, p Param) error {
	if p.def == nil {
		u := s.undefined(p.Name)
		u.hint = fmt.Sprintf("parameter '%s' was not provided", p.Name)
		f.set(p.slot, u)
		return nil
	}
	v, err := p.def.eval(s, f)
	if err != nil {
		return err
	}
	f.set(p.slot, v)
	return nil
}

// bindCaller takes the caller out of the keyword arguments if the body mentions it.
func (m *Macro) bindCaller(f *frame, kw *Dict) (*Dict, error) {
	caller, given := kw.Get("caller")
	if !m.Block.caller.accepted {
		if given && !m.Block.kwargs.accepted && !m.Block.declares("caller") {
			return nil, fmt.Errorf("macro '%s' was invoked with a caller that its body does not use", m.Block.Name)
		}
		return kw, nil
	}
	if given {
		kw = kw.Copy()
		kw.Del("caller")
	}
	if caller == nil {
		caller = Undefined{Name: "caller", hint: "no caller defined"}
	}
	if m.Block.caller.slot >= 0 {
		f.set(m.Block.caller.slot, caller)
	}
	return kw, nil
}

// bindKeywords collects the arguments no parameter took.
func (m *Macro) bindKeywords(f *frame, kw *Dict, positional int) error {
	b := m.Block
	rest := &Dict{}
	for i := range kw.Len() {
		k, v := kw.At(i)
		taken := false
		for j, p := range b.Params {
			taken = taken || j >= positional && p.Name == k
		}
		if !taken {
			rest.Set(k, v)
		}
	}
	if rest.Len() > 0 && !b.kwargs.accepted {
		k, _ := rest.At(0)
		return fmt.Errorf("macro '%s' takes no keyword argument '%s'", b.Name, Str(k))
	}
	if b.kwargs.accepted && b.kwargs.slot >= 0 {
		f.set(b.kwargs.slot, rest)
	}
	return nil
}
