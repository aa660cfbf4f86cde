package dbt

import "apotheca/internal/jinja"

// Config holds a resource's resolved configs: the ones dbt defines, with their
// defaults, and every other key as written. Values are those of templates.
type Config struct {
	values *jinja.Dict
}

func newConfig() *Config { return &Config{values: jinja.NewDict()} }

// Get returns a config as templates see it.
func (c *Config) Get(key string) (any, bool) { return c.values.Get(key) }

// String returns a config as text; empty when unset or null.
func (c *Config) String(key string) string {
	v, ok := c.values.Get(key)
	if !ok || v == nil {
		return ""
	}
	return jinja.Str(v)
}

// Bool returns a config as a boolean and whether it is set to one.
func (c *Config) Bool(key string) (value, set bool) {
	v, _ := c.values.Get(key)
	b, ok := v.(bool)
	return b, ok
}

// Strings returns a config that is one text or a list of texts.
func (c *Config) Strings(key string) []string {
	v, _ := c.values.Get(key)
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		return []string{x}
	case *jinja.List:
		out := make([]string, len(x.V))
		for i, e := range x.V {
			out[i] = jinja.Str(e)
		}
		return out
	}
	return []string{jinja.Str(v)}
}

// StringMap returns a config that is a mapping of texts, such as column_types.
func (c *Config) StringMap(key string) map[string]string {
	v, _ := c.values.Get(key)
	d, ok := v.(*jinja.Dict)
	if !ok {
		return nil
	}
	out := make(map[string]string, d.Len())
	for _, k := range d.Keys() {
		e, _ := d.Get(k)
		out[jinja.Str(k)] = jinja.Str(e)
	}
	return out
}

// Materialized is how a node is built: view, table, incremental, ephemeral,
// seed, snapshot, test or the name of the project's own materialization.
func (c *Config) Materialized() string { return c.String("materialized") }

// Enabled reports whether the resource takes part at all.
func (c *Config) Enabled() bool {
	b, set := c.Bool("enabled")
	return b || !set
}

// UniqueKey lists the columns of unique_key; none when unset.
func (c *Config) UniqueKey() []string { return c.Strings("unique_key") }

// Tags lists the tags.
func (c *Config) Tags() []string { return c.Strings("tags") }

// FullRefresh is the node's own full_refresh, which beats the command line.
func (c *Config) FullRefresh() (value, set bool) { return c.Bool("full_refresh") }

// Hook is a statement around a node or a run; its SQL is a template.
type Hook struct {
	SQL string
	// Transaction is false for a hook that must run outside one.
	Transaction bool
}

// PreHooks and PostHooks are the node's hooks in the order they run.
func (c *Config) PreHooks() []Hook  { return c.hooks("pre-hook") }
func (c *Config) PostHooks() []Hook { return c.hooks("post-hook") }

func (c *Config) hooks(key string) []Hook {
	v, _ := c.values.Get(key)
	list, ok := v.(*jinja.List)
	if !ok {
		return nil
	}
	hooks := make([]Hook, 0, len(list.V))
	for _, e := range list.V {
		h := Hook{Transaction: true}
		switch x := e.(type) {
		case *jinja.Dict:
			sql, _ := x.Get("sql")
			h.SQL = jinja.Str(sql)
			if t, ok := x.Get("transaction"); ok {
				h.Transaction = t != false
			}
		default:
			h.SQL = jinja.Str(e)
		}
		hooks = append(hooks, h)
	}
	return hooks
}
