package jinja

import (
	"fmt"
	"strings"
)

// stmt is a statement: it writes to an output and may assign names.
type stmt interface {
	exec(s *State, f *frame, w *output) error
}

func run(body []stmt, s *State, f *frame, w *output) error {
	for _, st := range body {
		if err := s.spend(1); err != nil {
			return err
		}
		if err := st.exec(s, f, w); err != nil {
			return err
		}
	}
	return nil
}

// capture runs a body and gives its text.
func capture(body []stmt, s *State, f *frame) (string, error) {
	var w output
	err := run(body, s, f, &w)
	return w.text.String(), err
}

// output is where statements write. A native one keeps the value of a print
// statement as long as it is alone; see RenderNative.
type output struct {
	text   strings.Builder
	native bool
	nodes  int
	only   any
}

func (w *output) write(s *State, text string) error {
	if err := s.fits(w.text.Len() + len(text)); err != nil {
		return err
	}
	w.text.WriteString(text)
	return nil
}

func (w *output) print(s *State, v any) error {
	if w.native {
		w.nodes++
		switch w.nodes {
		case 1:
			w.only = v
			return nil
		case 2:
			first := w.only
			w.only = nil
			if err := w.printText(s, first); err != nil {
				return err
			}
		}
	}
	return w.printText(s, v)
}

func (w *output) printText(s *State, v any) error {
	text, err := s.text(v)
	if err != nil {
		return err
	}
	return w.write(s, text)
}

type dataStmt string

func (x dataStmt) exec(s *State, _ *frame, w *output) error {
	if w.native {
		return w.print(s, string(x))
	}
	return w.write(s, string(x))
}

// printStmt is {{ value }}.
type printStmt struct {
	value expr
	pos   int
}

func (x *printStmt) exec(s *State, f *frame, w *output) error {
	v, err := x.value.eval(s, f)
	if err != nil {
		return s.at(err, x.pos)
	}
	if u, ok := v.(Undefined); ok && s.Undefined == UndefinedStrict {
		return s.at(u.err(), x.pos)
	}
	if w.native {
		if v, err = marked(x.value, v); err != nil {
			return s.at(err, x.pos)
		}
	}
	return s.at(w.print(s, v), x.pos)
}

type doStmt struct {
	value expr
	pos   int
}

func (x *doStmt) exec(s *State, f *frame, _ *output) error {
	_, err := x.value.eval(s, f)
	return s.at(err, x.pos)
}

type ifArm struct {
	cond expr
	body []stmt
}

type ifStmt struct {
	arms      []ifArm
	otherwise []stmt
}

func (x *ifStmt) exec(s *State, f *frame, w *output) error {
	for _, arm := range x.arms {
		v, err := arm.cond.eval(s, f)
		if err != nil {
			return err
		}
		if Truth(v) {
			return run(arm.body, s, f, w)
		}
	}
	return run(x.otherwise, s, f, w)
}

type setStmt struct {
	target target
	value  expr
	pos    int
}

func (x *setStmt) exec(s *State, f *frame, _ *output) error {
	v, err := x.value.eval(s, f)
	if err == nil {
		err = x.target.assign(s, f, v)
	}
	return s.at(err, x.pos)
}

// setBlockStmt is {% set target | filter %}body{% endset %}.
type setBlockStmt struct {
	target target
	filter expr
	scope  *scope
	body   []stmt
	pos    int
}

func (x *setBlockStmt) exec(s *State, f *frame, _ *output) error {
	text, err := capture(x.body, s, x.scope.enter(f))
	if err != nil {
		return s.at(err, x.pos)
	}
	var v any = text
	if filter, ok := x.filter.(*filterExpr); ok {
		if v, err = filter.over(s, f, text); err != nil {
			return s.at(err, x.pos)
		}
	}
	return s.at(x.target.assign(s, f, v), x.pos)
}

// filterStmt is {% filter name %}body{% endfilter %}.
type filterStmt struct {
	filter expr
	scope  *scope
	body   []stmt
	pos    int
}

func (x *filterStmt) exec(s *State, f *frame, w *output) error {
	text, err := capture(x.body, s, x.scope.enter(f))
	if err != nil {
		return s.at(err, x.pos)
	}
	v, err := x.filter.(*filterExpr).over(s, f, text)
	if err != nil {
		return s.at(err, x.pos)
	}
	return s.at(w.print(s, v), x.pos)
}

// withStmt is {% with a = 1, b = 2 %}; the values do not see each other's names.
type withStmt struct {
	targets []target
	values  []expr
	scope   *scope
	body    []stmt
	pos     int
}

func (x *withStmt) exec(s *State, f *frame, w *output) error {
	inner := x.scope.enter(f)
	for i, t := range x.targets {
		v, err := x.values[i].eval(s, f)
		if err == nil {
			err = t.assign(s, inner, v)
		}
		if err != nil {
			return s.at(err, x.pos)
		}
	}
	return run(x.body, s, inner, w)
}

// callStmt is {% call(args) f(...) %}body{% endcall %}.
type callStmt struct {
	call  *callExpr
	block *Block
	pos   int
}

func (x *callStmt) exec(s *State, f *frame, w *output) error {
	caller := &Macro{Block: x.block, Template: s.template.Name, Scope: s.scope, frame: f}
	v, err := x.call.call(s, f, caller)
	if err == nil {
		err = w.print(s, v)
	}
	return s.at(err, x.pos)
}

// macroStmt makes a macro visible to the rest of its scope.
type macroStmt struct {
	block *Block
	slot  int
}

func (x *macroStmt) exec(s *State, f *frame, _ *output) error {
	f.set(x.slot, &Macro{Block: x.block, Template: s.template.Name, Scope: s.scope, frame: f})
	return nil
}

// target is what a value is assigned to.
type target interface {
	assign(s *State, f *frame, v any) error
}

type slotTarget int

func (t slotTarget) assign(_ *State, f *frame, v any) error {
	f.set(int(t), v)
	return nil
}

// attrTarget is an attribute of a namespace.
type attrTarget struct {
	object *nameExpr
	name   string
}

func (t *attrTarget) assign(s *State, f *frame, v any) error {
	o, err := t.object.eval(s, f)
	if err != nil {
		return err
	}
	ns, ok := o.(*Namespace)
	if !ok {
		return fmt.Errorf("cannot assign attribute on non-namespace object '%s'", t.object.name)
	}
	ns.values.Set(t.name, v)
	return nil
}

type tupleTarget []target

func (t tupleTarget) assign(s *State, f *frame, v any) error {
	elements, err := Iterate(v)
	if err != nil {
		return fmt.Errorf("cannot unpack non-iterable %s object", TypeName(v))
	}
	if len(elements) > len(t) {
		return fmt.Errorf("too many values to unpack (expected %d)", len(t))
	}
	if len(elements) < len(t) {
		return fmt.Errorf("not enough values to unpack (expected %d, got %d)", len(t), len(elements))
	}
	for i := range t {
		if err := t[i].assign(s, f, elements[i]); err != nil {
			return err
		}
	}
	return nil
}
