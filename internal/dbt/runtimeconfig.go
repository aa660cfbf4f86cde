package dbt

import "apotheca/internal/jinja"

// refValue is ref() in builtins. Packages get at the configuration of the
// project by its attribute config.
type refValue struct{ s *scope }

func (v refValue) Call(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	return v.s.ref(st, a, kw)
}

func (v refValue) GetAttr(name string) (any, bool) {
	if name == "config" {
		return runtimeConfig{v.s.p}, true
	}
	return nil, false
}

// runtimeConfig is the project as dbt's own objects show it.
type runtimeConfig struct{ p *Project }

func (c runtimeConfig) GetAttr(name string) (any, bool) {
	switch name {
	case "project_name":
		return c.p.Name, true
	case "version":
		return c.p.Version, true
	case "target_name":
		return c.p.Target.Name, true
	case "profile_name":
		return c.p.Target.Profile, true
	case "project_root":
		return c.p.options.Dir, true
	case "cli_vars":
		return jinja.FromGo(c.p.options.Vars), true
	case "vars":
		return projectVars(c), true
	case "dependencies":
		all := jinja.NewDict()
		for _, in := range c.p.ordered() {
			all.Set(in.name, jinja.NewDict("project_name", in.name, "version", in.version))
		}
		return all, true
	}
	return nil, false
}

// projectVars are the vars of dbt_project.yml.
type projectVars struct{ p *Project }

func (v projectVars) GetAttr(name string) (any, bool) {
	if name != "to_dict" {
		return nil, false
	}
	return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) { return v.p.root.vars.Copy(), nil }), true
}
