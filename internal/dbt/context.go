package dbt

import (
	"context"
	"fmt"
	"strings"

	"apotheca/internal/jinja"
)

// level is how much of dbt's context a template sees.
type level int

const (
	levelProfile level = iota // profiles.yml: var and env_var
	levelTarget               // dbt_project.yml and properties: and target
	levelFull                 // macros and nodes
)

// scope answers the names of one render. It is used by one goroutine.
type scope struct {
	p       *Project
	pkg     *pkg // whose macros and vars come first
	level   level
	node    *Node
	execute bool
	adapter Adapter
	over    Overrides
	extra   map[string]any // names that win over everything
	seen    *seen          // what a parse found out, or nil
	secrets bool           // DBT_ENV_SECRET_ may be read
	visible macroSet       // the macros there are

	compiled *Compiled // the node's SQL once it is known

	ctx          context.Context
	results      map[string]any // of statements, by name
	config       *jinja.Dict    // the node's, for config.get()
	vars         map[string]any // the lists and mappings that var() gave
	varsUnderway []string       // those whose texts are rendered, outermost first
	model        *jinja.Dict    // the node as templates see it
	modelOf      *Compiled      // when model was made
	ctes         *cteSet        // ephemeral parents met while compiling
}

// seen is what rendering a node with execute false tells of it.
type seen struct {
	refs    []Ref
	sources []SourceRef
	macros  []string
	metrics []string
	config  *jinja.Dict // what config() set, merged
	written *jinja.Dict // the same, the last word only
}

// state is a new render in this scope.
func (s *scope) state(ctx context.Context) *jinja.State {
	s.ctx = ctx
	st := jinja.NewState(ctx)
	st.Globals = s.global
	st.Filters = markers
	st.SetScope(s.pkgName())
	if s.level == levelFull && !s.execute {
		st.Undefined = jinja.UndefinedSilent
	}
	if s.seen != nil {
		st.Entered = func(m *jinja.Macro) {
			if st.Depth() == 1 {
				s.sawMacro(m)
			}
		}
	}
	return st
}

func (s *scope) pkgName() string {
	if s.pkg == nil {
		return ""
	}
	return s.pkg.name
}

func (s *scope) sawMacro(m *jinja.Macro) {
	known := s.p.macroOf[m.Block]
	if known == nil {
		return
	}
	for _, id := range s.seen.macros {
		if id == known.UniqueID {
			return
		}
	}
	s.seen.macros = append(s.seen.macros, known.UniqueID)
}

// render renders a template in this scope.
func (s *scope) render(ctx context.Context, t *jinja.Template) (string, error) {
	var text string
	err := s.alone(ctx, func(ctx context.Context) (err error) {
		text, err = t.Render(s.state(ctx))
		return err
	})
	return text, err
}

// renderNode renders a node's code in this scope.
func (s *scope) renderNode(ctx context.Context, n *Node) (string, error) {
	if !hasTemplate(n.RawCode) {
		return n.RawCode, nil // with the line ends of the file
	}
	t, err := n.parse()
	if err != nil {
		return "", err
	}
	return s.render(ctx, t)
}

// renderText parses and renders; name is what errors call the template.
func (s *scope) renderText(ctx context.Context, name, text string) (string, error) {
	if !hasTemplate(text) {
		return text, nil
	}
	t, err := jinja.Parse(name, text)
	if err != nil {
		return "", err
	}
	return s.render(ctx, t)
}

// global answers a name. A macro of the project or of a package wins over
// dbt's own names, as in dbt.
func (s *scope) global(name string) (any, bool) {
	if v, ok := s.extra[name]; ok {
		return v, true
	}
	if s.level == levelFull {
		if v, ok := s.over.Macros[name]; ok {
			return constantMacro(v), true
		}
		if m := s.p.findMacro(s.pkg, name); s.visible.has(m) && m.PackageName != builtinName {
			return m.call, true
		}
		if s.p.packages[name] != nil || name == builtinName {
			return namespace{s, name}, true
		}
	}
	if v, ok := s.builtin(name); ok {
		return v, true
	}
	if s.level == levelFull && s.p.builtin != nil {
		if m := s.p.builtin.macros[name]; s.visible.has(m) {
			return m.call, true
		}
	}
	return nil, false
}

// constantMacro is a macro that a unit test replaces by its answer.
func constantMacro(v any) jinja.Func {
	return func(*jinja.State, []any, *jinja.Dict) (any, error) { return jinja.FromGo(v), nil }
}

// builtin answers the names that every template has, from dbt_project.yml on.
func (s *scope) builtin(name string) (any, bool) {
	switch name {
	case "var":
		return varValue{s}, true
	case "env_var":
		return jinja.Func(s.envVar), true
	case "dbt_version":
		return Version, true
	case "return":
		return jinja.Return, true
	case "none", "None":
		return nil, true
	case "tojson", "fromjson", "toyaml", "fromyaml", "zip", "zip_strict", "set", "set_strict", "local_md5", "log", "print",
		"diff_of_two_dicts", "try_or_compiler_error":
		return s.function(name), true
	case "modules":
		return modulesValue(), true
	case "flags":
		return flagsValue{s.p}, true
	case "invocation_id":
		return s.p.options.InvocationID, true
	case "run_started_at":
		return datetimeIn(s.p.options.Now.UTC()), true
	case "thread_id":
		return "main", true
	case "exceptions":
		return exceptionsValue{s}, true
	case "target":
		if s.level >= levelTarget {
			return s.p.targetValue(), true
		}
		return nil, false
	}
	if s.level < levelFull {
		return nil, false
	}
	return s.nodeName(name)
}

// nodeName answers the names that templates of nodes and macros have.
func (s *scope) nodeName(name string) (any, bool) {
	switch name {
	case "execute":
		return s.execute, true
	case "ref":
		return jinja.Func(s.ref), true
	case "source":
		return jinja.Func(s.source), true
	case "config":
		return configValue{s}, true
	case "adapter":
		return adapterValue{s}, true
	case "api":
		return apiValue{s}, true
	case "this":
		return s.this(), true
	case "model":
		if s.node == nil {
			return nil, true
		}
		if s.model == nil || s.modelOf != s.compiled {
			s.model, s.modelOf = s.modelDict(), s.compiled
		}
		return s.model, true
	case "sql", "compiled_code":
		if s.compiled == nil {
			return nil, true
		}
		return s.compiled.Code, true
	case "graph":
		return s.graphValue(), true
	case "builtins":
		return jinja.NewDict("ref", refValue{s}, "source", jinja.Func(s.source), "config", configValue{s}), true
	case "context":
		return contextValue{s}, true
	case "project_name":
		return s.p.Name, true
	case "schema":
		if s.node != nil {
			return s.node.Schema, true
		}
		return s.p.Target.Schema, true
	case "database":
		if s.node != nil {
			return s.node.Database, true
		}
		return s.p.Target.Database, true
	case "pre_hooks", "post_hooks":
		return s.hookDicts(strings.Replace(name, "_hooks", "-hook", 1)), true
	case "load_agate_table":
		return runnerFunction(s, name), true
	case "load_result", "store_result", "store_raw_result", "write", "render":
		return s.statementFunction(name), true
	case runnerName:
		return runnerValue{s}, true
	}
	return s.runName(name)
}

// runName answers the names that tell of the run.
func (s *scope) runName(name string) (any, bool) {
	switch name {
	case "selected_resources":
		return s.selectedResources(), true
	case "invocation_args_dict":
		return s.p.invocationArgs(), true
	case "validation":
		return validationValue{}, true
	case "env", "_sql_results":
		return jinja.NewDict(), true
	case "defer_relation":
		return nil, true
	case "context_macro_stack":
		return jinja.NewList(), true
	case "adapter_macro":
		return function(func(a []any, _ *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("The \"adapter_macro\" macro has been deprecated. Instead, use the `adapter.dispatch` method to find a macro and call the result.  For more information, see: https://docs.getdbt.com/reference/dbt-jinja-functions/dispatch) adapter_macro was called for: %s", //nolint:staticcheck // dbt's words
				jinja.Str(argument(a, nil, 0, "", "")))
		}), true
	case "column":
		return columnClass{s}, true
	case "dbt_metadata_envs":
		return s.p.metadataEnv(), true
	case "metric":
		return jinja.Func(s.metric), true
	case "submit_python_job":
		return jinja.Func(func(*jinja.State, []any, *jinja.Dict) (any, error) {
			return nil, fmt.Errorf("%s() is not supported", name)
		}), true
	}
	return nil, false
}

// metric is metric() in templates, which only exposures have a use for.
func (s *scope) metric(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
	if len(a) == 0 || len(a) > 2 {
		return nil, fmt.Errorf("metric() takes at most two arguments (%d given)", len(a))
	}
	name := jinja.Str(a[len(a)-1])
	if s.seen != nil {
		s.seen.metrics = append(s.seen.metrics, name)
	}
	return name, nil
}

func (s *scope) hookDicts(key string) any {
	if s.node == nil {
		return jinja.NewList()
	}
	v, _ := s.node.Config.Get(key)
	if v == nil {
		return jinja.NewList()
	}
	return v
}

// contextValue is `context`: the names as a mapping.
type contextValue struct{ s *scope }

func (contextValue) IsMapping() bool { return true }

// Contains is `name in context`.
func (c contextValue) Contains(key any) bool {
	_, ok := c.s.global(jinja.Str(key))
	return ok
}

func (c contextValue) GetItem(key any) (any, bool) { return c.s.global(jinja.Str(key)) }
func (c contextValue) GetAttr(name string) (any, bool) {
	switch name {
	case "get":
	case "update":
		return jinja.Func(c.update), true
	default:
		return c.s.global(name)
	}
	return jinja.Func(func(_ *jinja.State, a []any, _ *jinja.Dict) (any, error) {
		if len(a) == 0 {
			return nil, fmt.Errorf("context.get() takes a name")
		}
		if v, ok := c.s.global(jinja.Str(a[0])); ok {
			return v, nil
		}
		if len(a) > 1 {
			return a[1], nil
		}
		return nil, nil
	}), true
}

// update sets names for the rest of what is under way, as materializations do
// that change the SQL they run.
func (c contextValue) update(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	if c.s.extra == nil {
		c.s.extra = map[string]any{}
	}
	given, _ := argument(a, nil, 0, "", nil).(*jinja.Dict)
	for _, names := range []*jinja.Dict{given, kw} {
		for _, key := range keysIn(names) {
			v, _ := names.Get(key)
			c.s.extra[jinja.Str(key)] = v
		}
	}
	return nil, nil
}

// markers are filters that change nothing: where one ends the template of a
// YAML value, RenderNative makes a number or a boolean of what it gives.
var markers = map[string]jinja.Filter{"as_native": unchanged, "as_bool": unchanged, "as_number": unchanged, "as_text": unchanged}

func unchanged(_ *jinja.State, v any, _ []any, _ *jinja.Dict) (any, error) { return v, nil }

// envVar is env_var(name, default).
func (s *scope) envVar(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	name := jinja.Str(argument(a, kw, 0, "var", ""))
	if name == "" {
		return nil, fmt.Errorf("env_var() takes the name of an environment variable")
	}
	secret := strings.HasPrefix(name, SecretPrefix)
	if secret && !s.secrets {
		return nil, &Complaint{ParsingError, Problem{
			Message: fmt.Sprintf("Secret env vars are allowed only in profiles.yml or packages.yml. Found '%s' referenced elsewhere.", name),
		}}
	}
	if v, ok := s.over.EnvVars[name]; ok {
		return jinja.Str(jinja.FromGo(v)), nil
	}
	if v, ok := s.p.options.Env(name); ok {
		if secret {
			s.p.addSecret(v)
		}
		return v, nil
	}
	if def := argument(a, kw, 1, "default", missing); def != missing {
		return def, nil
	}
	return nil, &Complaint{ParsingError, Problem{
		Message: fmt.Sprintf("Env var required but not provided: '%s'", name),
		Hint:    fmt.Sprintf("set %s, or give env_var() a default", name),
	}}
}

// missing marks an argument that was not given.
var missing = &struct{ int }{}

// argument is the i-th argument, or the one of that name, or def.
func argument(a []any, kw *jinja.Dict, i int, name string, def any) any {
	if i < len(a) {
		return a[i]
	}
	if v, ok := kw.Get(name); ok {
		return v
	}
	return def
}
