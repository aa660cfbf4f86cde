package dbt

import (
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
		if c.s.node == nil {
			return nil, true
		}
		return c.s.modelDict(), true
	}
	return nil, false
}

// ownConfig is the node's config for this render: what a template changes in
// its lists and mappings is the node's own, though configs share what they
// inherit.
func (s *scope) ownConfig() *jinja.Dict {
	if s.config == nil && s.node != nil {
		s.config, _ = jinja.DeepCopy(s.node.Config.values).(*jinja.Dict)
	}
	return s.config
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
	values := c.s.ownConfig()
	if strings.HasPrefix(name, "meta_") {
		meta, _ := values.Get("meta")
		values, _ = meta.(*jinja.Dict)
	}
	if v, ok := values.Get(key); ok {
		return v, nil
	}
	if strings.HasSuffix(name, "require") {
		return nil, fmt.Errorf("Model '%s' does not define a required config parameter '%s'.", c.s.nodeID(), key) //nolint:staticcheck // dbt's words
	}
	return argument(a, kw, 1, "default", nil), nil
}

func (s *scope) nodeID() string {
	if s.node == nil {
		return s.pkgName()
	}
	return s.node.UniqueID
}

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
		return nil, Problem{Message: fmt.Sprintf("The 'statement' result named '%s' has already been loaded into a variable", name)}
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
