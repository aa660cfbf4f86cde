package dbt

import "apotheca/internal/jinja"

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
