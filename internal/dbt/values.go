package dbt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// configValue is `config` in templates: a call sets configs while parsing, and
// get and require read them.
type configValue struct{ s *scope }

func (c configValue) Call(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	opts := kw
	if len(a) == 1 && kw.Len() == 0 {
		d, ok := a[0].(*jinja.Dict)
		if !ok {
			return nil, fmt.Errorf("config() takes named arguments or one mapping")
		}
		opts = d
	} else if len(a) > 0 || kw.Len() == 0 {
		return nil, fmt.Errorf("config() takes named arguments or one mapping")
	}
	if c.s.seen == nil {
		return "", nil
	}
	if c.s.seen.config == nil {
		c.s.seen.config, c.s.seen.written = jinja.NewDict(), jinja.NewDict()
	}
	for _, k := range keysIn(opts) {
		v, _ := opts.Get(k)
		mergeConfig(c.s.seen.config, configKey(jinja.Str(k)), v)
		c.s.seen.written.Set(configKey(jinja.Str(k)), v)
	}
	return "", nil
}

func (c configValue) GetAttr(name string) (any, bool) {
	switch name {
	case "get", "require", "meta_get", "meta_require":
		return jinja.Func(func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			return c.get(st, name, a, kw)
		}), true
	case "set":
		return jinja.Func(func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			if len(a) != 2 {
				return nil, fmt.Errorf("config.set() takes a name and a value")
			}
			return c.Call(st, nil, jinja.NewDict(a[0], a[1]))
		}), true
	case "persist_relation_docs":
		return constantMacro(c.persist("relation")), true
	case "persist_column_docs":
		return constantMacro(c.persist("columns")), true
	case "model":
		return nil, false
	}
	return nil, false
}

func (c configValue) persist(what string) bool {
	if !c.s.execute || c.s.node == nil {
		return false
	}
	v, _ := c.s.node.Config.Get("persist_docs")
	d, _ := v.(*jinja.Dict)
	on, _ := d.Get(what)
	return on == true
}

func (c configValue) get(st *jinja.State, name string, a []any, kw *jinja.Dict) (any, error) {
	if !c.s.execute {
		return "", nil // a parse does not know the final config
	}
	key := configKey(jinja.Str(argument(a, kw, 0, "name", "")))
	var values *jinja.Dict
	if c.s.node != nil {
		values = c.s.node.Config.values
	}
	if strings.HasPrefix(name, "meta_") {
		meta, _ := values.Get("meta")
		values, _ = meta.(*jinja.Dict)
	}
	if v, ok := values.Get(key); ok {
		return v, nil
	}
	if strings.HasSuffix(name, "require") {
		return nil, fmt.Errorf("model '%s' does not define a required config parameter '%s'", c.s.nodeID(), key)
	}
	return argument(a, kw, 1, "default", nil), nil
}

func (s *scope) nodeID() string {
	if s.node == nil {
		return s.pkgName()
	}
	return s.node.UniqueID
}

// exceptionsValue is `exceptions` in templates.
type exceptionsValue struct{ s *scope }

func (e exceptionsValue) GetAttr(name string) (any, bool) {
	switch name {
	case "warn":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			if warn := e.s.p.options.Warn; warn != nil && e.s.execute {
				return "", warn(jinja.Str(argument(a, kw, 0, "msg", "")))
			}
			return "", nil
		}), true
	case "raise_compiler_error", "raise_not_implemented", "raise_parsing_error", "raise_database_error", "raise_fail_fast_error",
		"raise_dependency_error", "raise_duplicate_patch_name", "raise_invalid_property_yml_version", "missing_config",
		"raise_contract_error", "column_type_missing", "relation_wrong_type", "missing_materialization", "missing_relation",
		"raise_ambiguous_alias", "raise_ambiguous_catalog_match", "raise_cache_inconsistent", "raise_dataclass_not_dict",
		"raise_duplicate_resource_name", "raise_patch_targets_not_found", "raise_duplicate_alias", "ref_invalid_args", "ref_target_not_found",
		"ref_bad_context", "doc_target_not_found", "bad_package_spec", "package_not_found", "disallow_secret_env_var", "invalid_type_error":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			parts := make([]string, 0, len(a))
			for _, v := range a {
				parts = append(parts, jinja.Str(v))
			}
			for _, k := range keysIn(kw) {
				if v, _ := kw.Get(k); k == "msg" || k == "message" {
					parts = append(parts, jinja.Str(v))
				}
			}
			return nil, errors.New(strings.TrimSpace(strings.Join(parts, " ")))
		}), true
	}
	return nil, false
}

// flagsValue is `flags` in templates.
type flagsValue struct{ p *Project }

func (f flagsValue) GetAttr(name string) (any, bool) {
	name = strings.ToUpper(name)
	if v, ok := f.p.options.Flags[name]; ok {
		return jinja.FromGo(v), true
	}
	switch name {
	case "FULL_REFRESH":
		return f.p.options.FullRefresh, true
	case "WHICH":
		return f.p.options.Command, true
	case "STORE_FAILURES", "FAIL_FAST", "EMPTY", "DEBUG", "QUIET", "WARN_ERROR", "DEFER", "NO_PRINT":
		return false, true
	case "INTROSPECT", "PRINT", "USE_COLORS", "WRITE_JSON", "POPULATE_CACHE", "PARTIAL_PARSE", "VERSION_CHECK":
		return true, true
	case "PROFILES_DIR", "PROJECT_DIR":
		return f.p.options.Dir, true
	case "TARGET":
		return f.p.Target.Name, true
	case "PROFILE":
		return f.p.Target.Profile, true
	case "GET":
		return jinja.Func(func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			if v, ok := f.GetAttr(jinja.Str(argument(a, kw, 0, "name", ""))); ok && v != nil {
				return v, nil
			}
			return argument(a, kw, 1, "default", nil), nil
		}), true
	}
	return nil, true
}

func (f flagsValue) GetItem(key any) (any, bool) { return f.GetAttr(jinja.Str(key)) }
func (flagsValue) IsMapping() bool               { return true }

// statementFunction returns the functions through which templates keep what
// their statements returned.
func (s *scope) statementFunction(name string) jinja.Func {
	switch name {
	case "load_result":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			return s.loadResult(jinja.Str(argument(a, kw, 0, "name", "")))
		}
	case "store_result":
		return func(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			s.storeResult(jinja.Str(argument(a, kw, 0, "name", "")), argument(a, kw, 1, "response", ""), argument(a, kw, 2, "agate_table", nil))
			return "", nil
		}
	case "store_raw_result":
		return s.storeRawResult
	case "write":
		return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) {
			_, err := runnerFunction(s, "write")(st, []any{argument(a, kw, 0, "payload", "")}, nil)
			return "", err
		}
	}
	return func(st *jinja.State, a []any, kw *jinja.Dict) (any, error) { // render
		t, err := jinja.Parse("render()", jinja.Str(argument(a, kw, 0, "string", "")))
		if err != nil {
			return nil, err
		}
		return t.Render(st)
	}
}

// storeResult keeps what a statement returned for load_result().
func (s *scope) storeResult(name string, response, table any) {
	if s.results == nil {
		s.results = map[string]any{}
	}
	if table == nil {
		table = tableValue{&Table{}}
	}
	data := jinja.NewList()
	if t, ok := table.(tableValue); ok {
		for i := range t.Rows {
			data.V = append(data.V, &jinja.Tuple{V: t.row(i)})
		}
	}
	s.results[name] = jinja.NewDict("response", response, "data", data, "table", table)
}

// loadResult gives what a statement returned, once: a template that wants it
// twice keeps it. What the main statement returned is the node's.
func (s *scope) loadResult(name string) (any, error) {
	result, ok := s.results[name]
	if !ok || name == "main" {
		return result, nil
	}
	if result == nil {
		return nil, fmt.Errorf("The 'statement' result named '%s' has already been loaded into a variable", name) //nolint:staticcheck // dbt's words
	}
	s.results[name] = nil
	return result, nil
}

func (s *scope) storeRawResult(_ *jinja.State, a []any, kw *jinja.Dict) (any, error) {
	response := Response{}
	if message := argument(a, kw, 1, "message", nil); message != nil {
		response.Message = jinja.Str(message)
	}
	if code := argument(a, kw, 2, "code", nil); code != nil {
		response.Code = jinja.Str(code)
	}
	if rows, err := strconv.ParseInt(jinja.Str(argument(a, kw, 3, "rows_affected", nil)), 10, 64); err == nil {
		response.Affected = &rows
	}
	s.storeResult(jinja.Str(argument(a, kw, 0, "name", "")), responseValue{response}, argument(a, kw, 4, "agate_table", nil))
	return "", nil
}
