package dbt

// macroSet is a set of macros by unique id; nil is all there are.
type macroSet map[string]bool

func (s macroSet) has(m *Macro) bool { return m != nil && (s == nil || s[m.UniqueID]) }

// testMacro is the macro that dbt notes for a generic test. It looks for the
// name alone, whatever package the declaration names.
func (p *Project) testMacro(n *Node) *Macro {
	name := "test_" + n.Test.Name
	if m := n.pkg.macros[name]; m != nil {
		return m
	}
	if m := p.root.macros[name]; m != nil {
		return m
	}
	var found *Macro
	for _, in := range p.ordered() {
		if m := in.macros[name]; m != nil {
			found = m
		}
	}
	if found != nil {
		return found
	}
	return p.builtin.macros[name]
}

// macrosOfTest are the macros that a generic test sees before it is run: the
// test itself, get_where_subquery, and what these call by name, however deep.
// What an argument of the test calls beside them is known only when the test is
// compiled.
func (l *loader) macrosOfTest(test *Macro) macroSet {
	if known, ok := l.testMacros.Load(test); ok {
		return known.(macroSet)
	}
	all := macroSet{}
	waiting := []*Macro{l.p.findMacro(l.p.root, "get_where_subquery"), test}
	for len(waiting) > 0 {
		m := waiting[0]
		waiting = waiting[1:]
		if m == nil || all[m.UniqueID] {
			continue
		}
		all[m.UniqueID] = true
		for _, id := range l.p.macroCalls(m) {
			waiting = append(waiting, l.p.Macros[id])
		}
	}
	l.testMacros.Store(test, all)
	return all
}
