package dbt

import (
	"errors"

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
