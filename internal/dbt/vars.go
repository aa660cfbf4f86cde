package dbt

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"apotheca/internal/jinja"
)

// ParseVars reads the variables of a command line: a dictionary in YAML, hence
// also in JSON, with YAML 1.1's scalars as in dbt's files. No text is none.
func ParseVars(text string) (map[string]any, error) {
	doc, err := parseYAML([]byte(text))
	if err != nil {
		return nil, err
	}
	vars := map[string]any{}
	if doc == nil {
		return vars, nil
	}
	d, ok := plain(doc).(*jinja.Dict)
	if !ok {
		return nil, errors.New("read variables: not a dictionary")
	}
	for _, k := range keysIn(d) {
		vars[jinja.Str(k)], _ = d.Get(k)
	}
	return vars, nil
}

// lookupVar finds a variable as templates of a package see it: the command
// line, then the root project's vars for that package, then the root's own,
// then the package's, in the same two steps.
func (p *Project) lookupVar(in *pkg, name string) (any, bool) {
	if v, ok := p.options.Vars[name]; ok {
		return jinja.FromGo(v), true
	}
	for _, owner := range []*pkg{p.root, in} {
		if owner == nil {
			continue
		}
		if in != nil {
			scoped, _ := owner.vars.Get(in.name)
			if d, ok := scoped.(*jinja.Dict); ok {
				if v, ok := d.Get(name); ok {
					return v, true
				}
			}
		}
		if v, ok := owner.vars.Get(name); ok {
			return v, true
		}
	}
	return nil, false
}

// varsOf are all variables that templates of a package see.
func (p *Project) varsOf(in *pkg) map[string]any {
	vars := map[string]any{}
	in = cmp.Or(in, p.root)
	for _, owner := range []*pkg{in, p.root} {
		of := []*jinja.Dict{owner.vars}
		if scoped, ok := owner.vars.Get(in.name); ok {
			if d, ok := scoped.(*jinja.Dict); ok {
				of = append(of, d)
			}
		}
		for _, d := range of {
			for i := range d.Len() {
				key, value := d.At(i)
				vars[jinja.Str(key)] = jinja.ToGo(value)
			}
		}
	}
	for name, value := range p.options.Vars {
		vars[name] = jinja.ToGo(value)
	}
	return vars
}

// varValue is var(name, default) and var.has_var(name).
type varValue struct{ s *scope }

func (v varValue) lookup(name string) (any, bool) {
	if x, ok := v.s.over.Vars[name]; ok {
		return jinja.FromGo(x), true
	}
	return v.s.p.lookupVar(v.s.pkg, name)
}

func (v varValue) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	name := jinja.Str(argument(a, kw, 0, "var_name", ""))
	if x, ok := v.s.vars[name]; ok {
		return x, nil
	}
	if x, ok := v.lookup(name); ok {
		if text, isText := x.(string); isText && v.s.level == levelFull {
			return v.rendered(name, text)
		}
		return v.own(name, x), nil
	}
	if def := argument(a, kw, 1, "default", missing); def != missing {
		return def, nil
	}
	if v.s.level == levelFull && !v.s.execute {
		return nil, nil // a parse must not fail for want of a variable
	}
	subject := "<Configuration>"
	if v.s.node != nil {
		subject = v.s.node.Name
	}
	supplied, err := json.MarshalIndent(v.s.p.varsOf(v.s.pkg), "", "    ")
	if err != nil {
		return nil, fmt.Errorf("print vars: %w", err)
	}
	return nil, Problem{
		Message: fmt.Sprintf("Required var '%s' not found in config:\nVars supplied to %s = %s", name, subject, supplied),
		Hint:    fmt.Sprintf("set it under vars: in dbt_project.yml, or --vars '{%s: …}', or give var() a default", name),
	}
}

// rendered is a text that may be a template itself, which sees what the one that
// asks for it sees: {{ ref('orders') }}, say, for a package that takes a table.
func (v varValue) rendered(name, text string) (any, error) {
	if slices.Contains(v.s.varsUnderway, name) {
		return nil, Problem{Message: fmt.Sprintf("the variable '%s' asks for itself", name), Hint: "give it a value under vars: in dbt_project.yml that does not call var() for it"}
	}
	v.s.varsUnderway = append(v.s.varsUnderway, name)
	defer func() { v.s.varsUnderway = v.s.varsUnderway[:len(v.s.varsUnderway)-1] }()
	return v.s.renderText(v.s.ctx, "var "+name, text)
}

// own is a list or mapping for this render alone: what a template changes in it
// must not reach others.
func (v varValue) own(name string, x any) any {
	switch x.(type) {
	case *jinja.List, *jinja.Dict:
		if v.s.vars == nil {
			v.s.vars = map[string]any{}
		}
		v.s.vars[name] = jinja.DeepCopy(x)
		return v.s.vars[name]
	}
	return x
}

func (v varValue) GetAttr(name string) (any, bool) {
	if name != "has_var" {
		return nil, false
	}
	return jinja.Func(func(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
		if len(a) == 0 {
			return false, nil
		}
		_, ok := v.lookup(jinja.Str(a[0]))
		return ok, nil
	}), true
}
