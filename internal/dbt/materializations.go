package dbt

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// strictMaterializations is the behaviour flag of dbt_project.yml by which a
// package's materialization takes the place of dbt's only when the project
// says so with one of its own.
const strictMaterializations = "require_explicit_package_overrides_for_builtin_materializations"

// Materialization finds the macro that builds nodes of a kind: the one made
// for the adapter before one made for all, the project's before a package's,
// which goes before dbt's.
func (p *Project) Materialization(kind string) (*Macro, error) {
	var best *Macro
	builtin := false
	for _, adapter := range p.Target.prefixes() {
		candidates := p.candidates("materialization_" + kind + "_" + adapter)
		for _, m := range candidates {
			builtin = builtin || m.PackageName == builtinName
		}
		if best == nil && len(candidates) > 0 {
			best = candidates[0]
		}
	}
	if best != nil && builtin && best.PackageName != p.Name && best.PackageName != builtinName && p.behaves(strictMaterializations) {
		best = p.explicit(kind)
	}
	if best == nil {
		return nil, fmt.Errorf("No materialization '%s' was found for adapter %s! (searched types 'default' and '%s')", kind, p.Target.Type, p.Target.Type) //nolint:staticcheck // dbt's words
	}
	return best, nil
}

// candidates are the macros of a name, the nearest first.
func (p *Project) candidates(name string) []*Macro {
	var found []*Macro
	for _, in := range append(p.ordered(), p.builtin) {
		if m := in.macros[name]; m != nil {
			found = append(found, m)
		}
	}
	return found
}

// explicit is Materialization without what installed packages define.
func (p *Project) explicit(kind string) *Macro {
	for _, adapter := range p.Target.prefixes() {
		name := "materialization_" + kind + "_" + adapter
		for _, in := range []*pkg{p.root, p.builtin} {
			if m := in.macros[name]; m != nil {
				return m
			}
		}
	}
	return nil
}

// Builtin reports a macro that is dbt's own.
func (m *Macro) Builtin() bool { return m.PackageName == builtinName }

// Supports reports whether a materialization builds models of a language.
func (m *Macro) Supports(language string) bool {
	return slices.Contains(texts(m.languages()), language)
}

// Languages are those that a materialization supports, as dbt prints them.
func (m *Macro) Languages() string { return "['" + strings.Join(texts(m.languages()), "', '") + "']" }

// replacements knows which of dbt's own macros do something else because
// somebody replaced them, or one that they call.
type replacements struct {
	any  bool // somebody replaced something
	mu   sync.Mutex
	seen map[replacement]*Macro
}

type replacement struct{ pkg, macro string }

// findReplacements notes whether any macro takes the place of one of dbt's.
func (p *Project) findReplacements() {
	p.replaced = &replacements{seen: map[replacement]*Macro{}}
	for _, m := range p.Macros {
		if m.PackageName == builtinName {
			continue
		}
		name := m.Name
		if prefix, rest, ok := strings.Cut(name, "__"); ok && (prefix == "default" || prefix == p.Target.Type) {
			name = rest
		}
		if p.builtin.macros[name] != nil {
			p.replaced.any = true
			return
		}
	}
}

// Replaced finds the macro that somebody put in the place of one of dbt's, or
// of one that it calls, as the templates of a node see them; nil when all of
// it is dbt's.
func (p *Project) Replaced(n *Node, macro string) *Macro {
	if !p.replaced.any {
		return nil
	}
	in := p.root
	if n != nil && n.pkg != nil {
		in = n.pkg
	}
	p.replaced.mu.Lock()
	defer p.replaced.mu.Unlock()
	return p.replacedIn(in, macro)
}

// Implementation is the macro that one of dbt's own finds for the target.
func (p *Project) Implementation(macro string) *Macro {
	m, err := p.dispatch(p.root, macro, builtinName)
	if err != nil {
		return p.builtin.macros[macro]
	}
	return m
}

// Sees reports whether the templates of a node know a macro by its name.
func (p *Project) Sees(n *Node, macro string) bool { return p.findMacro(n.pkg, macro) != nil }

func (p *Project) replacedIn(in *pkg, name string) *Macro {
	m := p.findMacro(in, name)
	if m == nil || m.PackageName != builtinName {
		return m
	}
	key := replacement{in.name, name}
	if known, ok := p.replaced.seen[key]; ok {
		return known
	}
	p.replaced.seen[key] = nil // of macros that call each other
	for _, called := range p.calledByBuiltin(in, m) {
		other := called
		if called.PackageName == builtinName {
			other = p.replacedIn(in, called.Name)
		}
		if other != nil {
			p.replaced.seen[key] = other
			return other
		}
	}
	return nil
}

// calledByBuiltin lists what one of dbt's macros calls when the templates of a
// package run it.
func (p *Project) calledByBuiltin(in *pkg, m *Macro) []*Macro {
	var called []*Macro
	for _, handed := range handedMacro().FindAllStringSubmatch(m.call.Block.Source, -1) {
		if found := p.findMacro(in, handed[1]); found != nil {
			called = append(called, found)
		}
	}
	for _, call := range calls(m.call.Block.Source) {
		var found *Macro
		switch {
		case call.dispatched:
			found, _ = p.dispatch(in, call.name, builtinName)
		case call.of == "adapter" && adapterMacros[call.name]:
			found = p.findMacro(p.root, call.name)
		case call.of == "":
			found = p.findMacro(in, call.name)
		}
		if found != nil && found != m {
			called = append(called, found)
		}
	}
	return called
}

// handedMacro is a macro of dbt's that is an argument of another.
var handedMacro = pattern(`,\s*(get_\w+_sql)\s*\)`)

// adapterMacros are the methods of the adapter that run a macro of the project
// or of dbt.
var adapterMacros = map[string]bool{
	"create_schema": true, "drop_schema": true, "drop_relation": true, "truncate_relation": true, "rename_relation": true,
	"get_columns_in_relation": true, "list_relations_without_caching": true,
}
