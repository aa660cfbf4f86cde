package dbt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// Running is a node under way, or a run without a node, as the templates that
// do its work see it.
type Running struct {
	Node    *Node // nil outside any node
	Adapter Adapter
	// Compiled is the node's SQL; nil before it is known.
	Compiled *Compiled
	// Names are more names for the templates, such as `results` in an
	// on-run-end hook: template values, or plain Go data.
	Names map[string]any
}

// Render renders a template: a hook's SQL, a header.
func (p *Project) Render(ctx context.Context, r Running, text string) (string, error) {
	return p.Templates(r).Render(ctx, text)
}

// Call calls a macro by the name that templates would use, or as
// package.name: the project's own wins over a package's, which wins over
// dbt's. Arguments are template values, plain Go data, Relations, Columns or
// Nodes.
func (p *Project) Call(ctx context.Context, r Running, name string, args ...any) (any, error) {
	return p.Templates(r).Call(ctx, name, args...)
}

// CallNamed is Call with arguments by name as well.
func (p *Project) CallNamed(ctx context.Context, r Running, name string, args []any, named *jinja.Dict) (any, error) {
	return p.Templates(r).call(ctx, name, args, named)
}

// macro finds a macro by its name or by package.name.
func (p *Project) macro(in *pkg, name string) *Macro {
	if where, macro, dotted := strings.Cut(name, "."); dotted {
		return p.macroIn(where, macro)
	}
	return p.findMacro(in, name)
}

// value makes a template value of what Go code hands to templates.
func (s *scope) value(v any) any {
	switch x := v.(type) {
	case Relation:
		return relationValue{s, x}
	case Column:
		return s.column(x)
	case []Column:
		return adapterValue{s}.list(x)
	case *Table:
		return tableValue{x}
	case *Config:
		return x.values
	case *Source:
		return s.p.sourceDict(x)
	case *Node:
		return s.running(x)
	case map[string]any:
		d := jinja.NewDict()
		for _, key := range slices.Sorted(maps.Keys(x)) {
			d.Set(key, s.value(x[key]))
		}
		return d
	}
	return jinja.FromGo(v)
}

// running is a node as `model` shows it: its SQL is in it once it is known, and
// what it has not is missing, not None.
func (s *scope) running(n *Node) *jinja.Dict {
	d, _ := jinja.DeepCopy(s.p.nodeDict(n)).(*jinja.Dict)
	withoutNones(d)
	for _, key := range []string{"config", "docs"} {
		part, _ := d.Get(key)
		inner, _ := part.(*jinja.Dict)
		withoutNones(inner)
	}
	d.Set("raw_sql", n.RawCode)
	if n.Batch != nil {
		d.Set("batch", n.batchDict())
	}
	if s.compiled != nil && n == s.node {
		d.Set("compiled", true)
		d.Set("compiled_code", s.compiled.Code)
		d.Set("compiled_sql", s.compiled.Code)
	}
	return d
}

func withoutNones(d *jinja.Dict) {
	for _, key := range keysIn(d) {
		if v, _ := d.Get(key); v == nil {
			d.Del(key)
		}
	}
}

// FindMacro finds a macro as Call does.
func (p *Project) FindMacro(name string) (*Macro, bool) {
	m := p.macro(p.root, name)
	return m, m != nil
}

// Describe is a resource as the manifest has it, with what compiling and
// running it brought, which may be nil; nil for an unknown id.
func (p *Project) Describe(id string, c *Compiled) any {
	if n, ok := p.Nodes[id]; ok {
		return p.builtNodeDict(n, c)
	}
	if s, ok := p.Sources[id]; ok {
		return p.sourceDict(s)
	}
	if u, ok := p.UnitTests[id]; ok {
		return p.unitTestDict(u)
	}
	if e, ok := p.Exposures[id]; ok {
		return p.exposureDict(e)
	}
	return nil
}
