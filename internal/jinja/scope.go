package jinja

// scope is a stretch of template in which assigned names live: the file, the
// body of a macro, a loop, a block set. It exists while parsing; a render has
// one frame of slots for each scope it enters.
//
// Which scopes assign a name is known only at the end of the file (a macro may
// read what is set below it), so reads are collected and resolved then. Whether
// the name is assigned by the time it is read is known only when rendering: a
// read therefore has a list of slots to try, innermost first, and asks the host
// when all of them are empty. That is what jinja's rules amount to.
type scope struct {
	outer    *scope
	names    []string
	block    *Block // whose body this is; nil for other scopes
	loop     *forStmt
	captured bool // a macro defined inside may outlive the frame
}

// slot gives the place of a name, declaring it if need be.
func (sc *scope) slot(name string) int {
	if i := sc.has(name); i >= 0 {
		return i
	}
	sc.names = append(sc.names, name)
	return len(sc.names) - 1
}

func (sc *scope) has(name string) int {
	for i, n := range sc.names {
		if n == name {
			return i
		}
	}
	return -1
}

// frame holds the values of one scope while it runs. A nil slot is unassigned;
// None is stored as none.
type frame struct {
	slots []any
	outer *frame
}

type noneType struct{}

// enter makes the frame of a scope; scopes without names have none of their own.
func (sc *scope) enter(f *frame) *frame {
	if len(sc.names) == 0 {
		return f
	}
	return &frame{slots: make([]any, len(sc.names)), outer: f}
}

// blank is a frame for a scope nothing has run in, as a macro needs that is
// called without rendering its file.
func (sc *scope) blank() *frame {
	if sc == nil {
		return nil
	}
	return sc.enter(sc.outer.blank())
}

func (f *frame) set(slot int, v any) {
	if v == nil {
		v = noneType{}
	}
	f.slots[slot] = v
}

func (f *frame) get(slot int) (any, bool) {
	switch v := f.slots[slot].(type) {
	case nil:
		return nil, false
	case noneType:
		return nil, true
	default:
		return v, true
	}
}

// ref is one slot a read tries: up so many frames from the one before.
type ref struct{ up, slot int }

// read is a name used as a value, waiting for the end of the file.
type read struct {
	name  *nameExpr
	scope *scope
}

// resolve finds the slots of every read. Names a body gets without declaring
// them are found first: they add slots.
func resolve(reads []read) {
	for _, r := range reads {
		switch r.name.name {
		case "varargs", "kwargs", "caller":
			r.scope.implicit(r.name.name)
		case "loop":
			r.scope.usesLoop()
		}
	}
	for _, r := range reads {
		up := 0
		for sc := r.scope; sc != nil; sc = sc.outer {
			if i := sc.has(r.name.name); i >= 0 {
				r.name.refs = append(r.name.refs, ref{up, i})
				up = 0
			}
			if len(sc.names) > 0 {
				up++
			}
		}
	}
}

// implicit notes that a macro's body mentions varargs, kwargs or caller. Only
// such a macro takes more arguments than it declares; the macros around it do
// so too, since its body is part of theirs.
func (sc *scope) implicit(name string) {
	nearest := true
	for ; sc != nil; sc = sc.outer {
		b := sc.block
		if b == nil || b.declares(name) {
			continue
		}
		slot := -1
		if nearest {
			slot = sc.slot(name)
		}
		nearest = false
		switch name {
		case "varargs":
			b.varargs.note(slot)
		case "kwargs":
			b.kwargs.note(slot)
		case "caller":
			b.caller.note(slot)
		}
	}
}

// implicitArg is an argument a macro accepts because its body mentions it.
type implicitArg struct {
	accepted bool
	slot     int // -1 when only a macro inside the body reads it
}

func (a *implicitArg) note(slot int) {
	if !a.accepted {
		a.slot = -1
	}
	a.accepted = true
	if slot >= 0 {
		a.slot = slot
	}
}

// usesLoop gives the innermost loop around a read its `loop` variable.
func (sc *scope) usesLoop() {
	for ; sc != nil; sc = sc.outer {
		if sc.loop != nil {
			sc.loop.loopSlot = sc.slot("loop")
			return
		}
		if sc.has("loop") >= 0 {
			return
		}
	}
}
