package dbt

import (
	"strings"

	"apotheca/internal/jinja"
)

// Config holds a resource's resolved configs: the ones dbt defines, with their
// defaults, and every other key as written. Values are those of templates.
type Config struct {
	values *jinja.Dict
}

func newConfig() *Config { return &Config{values: jinja.NewDict()} }

// Get returns a config as templates see it.
func (c *Config) Get(key string) (any, bool) { return c.values.Get(key) }

// MarshalJSON writes all configs, in the order in which they were set.
func (c *Config) MarshalJSON() ([]byte, error) {
	return appendJSON(nil, c.values, jsonStyle{})
}

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
	for _, k := range keysIn(d) {
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

// configKey is a config's name as dbt keeps it.
func configKey(key string) string {
	switch key = strings.TrimSpace(key); key {
	case "pre_hook":
		return "pre-hook"
	case "post_hook":
		return "post-hook"
	}
	return key
}

// mergeConfig sets a config over what less specific places said: lists of tags
// and hooks grow, mappings are overlaid, everything else is replaced.
func mergeConfig(d *jinja.Dict, key string, v any) {
	have, _ := d.Get(key)
	switch key {
	case "tags", "packages":
		d.Set(key, appended(have, v))
	case "pre-hook", "post-hook":
		d.Set(key, appended(have, hookList(v)))
	case "quoting", "column_types", "meta", "docs", "contract":
		over, ok := v.(*jinja.Dict)
		if !ok {
			if v != nil {
				d.Set(key, v)
			}
			return
		}
		base, _ := have.(*jinja.Dict)
		d.Set(key, overlaid(base, over))
	case "grants":
		d.Set(key, mergeGrants(have, v))
	default:
		d.Set(key, v)
	}
}

func appended(have, more any) *jinja.List {
	l := jinja.NewList()
	for _, v := range []any{have, more} {
		switch x := v.(type) {
		case nil:
		case *jinja.List:
			l.V = append(l.V, x.V...)
		case *jinja.Tuple:
			l.V = append(l.V, x.V...)
		default:
			l.V = append(l.V, x)
		}
	}
	return l
}

func overlaid(base, over *jinja.Dict) *jinja.Dict {
	out := base.Copy()
	for i := range over.Len() {
		out.Set(over.At(i))
	}
	return out
}

// mergeGrants replaces a privilege's grantees, or adds to them when the
// privilege is written with a plus.
func mergeGrants(have, v any) any {
	over, ok := v.(*jinja.Dict)
	if !ok {
		return have
	}
	base, _ := have.(*jinja.Dict)
	out := overlaid(base, nil)
	for _, k := range keysIn(over) {
		grantees, _ := over.Get(k)
		privilege, add := strings.CutPrefix(jinja.Str(k), "+")
		if add {
			known, _ := out.Get(privilege)
			out.Set(privilege, appended(known, grantees))
		} else {
			out.Set(privilege, appended(nil, grantees))
		}
	}
	return out
}

// hookList brings hooks, written as texts or mappings, into dbt's one form.
func hookList(v any) *jinja.List {
	l := jinja.NewList()
	for _, h := range appended(nil, v).V {
		hook := jinja.NewDict("sql", h, "transaction", true, "index", nil)
		d, ok := h.(*jinja.Dict)
		if s, isText := h.(string); isText && strings.HasPrefix(strings.TrimSpace(s), "{") && !hasTemplate(s) {
			if parsed, err := parseYAML([]byte(s)); err == nil {
				d, ok = plain(parsed).(*jinja.Dict)
			}
		}
		if ok {
			sql, _ := d.Get("sql")
			hook.Set("sql", sql)
			if t, given := d.Get("transaction"); given {
				hook.Set("transaction", t)
			}
		}
		l.V = append(l.V, hook)
	}
	return l
}

// configDefaults are the configs every resource of a type has.
func configDefaults(t ResourceType) *jinja.Dict {
	list, dict := func() any { return jinja.NewList() }, func() any { return jinja.NewDict() }
	switch t {
	case SourceResource:
		return jinja.NewDict("enabled", true, "event_time", nil, "freshness", nil, "loaded_at_field", nil, "loaded_at_query", nil, "meta", dict(), "tags", list())
	case ExposureResource:
		return jinja.NewDict("enabled", true, "tags", list(), "meta", dict())
	case MetricResource, SemanticModelResource:
		return jinja.NewDict("enabled", true, "group", nil, "meta", dict())
	case SavedQueryResource:
		return jinja.NewDict("enabled", true, "group", nil, "meta", dict(), "export_as", nil, "schema", nil, "cache", jinja.NewDict("enabled", false))
	case UnitTestResource:
		return jinja.NewDict("tags", list(), "meta", dict(), "enabled", true)
	case DataTest:
		return jinja.NewDict("enabled", true, "alias", nil, "schema", "dbt_test__audit", "database", nil, "tags", list(), "meta", dict(),
			"group", nil, "materialized", "test", "severity", "ERROR", "store_failures", nil, "store_failures_as", nil, "where", nil,
			"limit", nil, "fail_calc", "count(*)", "warn_if", "!= 0", "error_if", "!= 0")
	}
	d := jinja.NewDict("enabled", true, "alias", nil, "schema", nil, "database", nil, "tags", list(), "meta", dict(), "group", nil,
		"materialized", "view", "incremental_strategy", nil, "batch_size", nil, "lookback", int64(1), "begin", nil, "persist_docs", dict(),
		"post-hook", list(), "pre-hook", list(), "quoting", dict(), "column_types", dict(), "full_refresh", nil, "unique_key", nil,
		"on_schema_change", "ignore", "on_configuration_change", "apply", "grants", dict(), "packages", list(),
		"docs", jinja.NewDict("show", true, "node_color", nil), "contract", jinja.NewDict("enforced", false, "alias_types", true),
		"event_time", nil, "concurrent_batches", nil)
	switch t {
	case Model:
		d.Set("access", "protected")
		d.Set("freshness", nil)
	case Seed:
		d.Set("materialized", "seed")
		d.Set("delimiter", ",")
		d.Set("quote_columns", nil)
	case Snapshot:
		for _, k := range []string{"strategy", "target_schema", "target_database", "updated_at", "check_cols", "dbt_valid_to_current"} {
			d.Set(k, nil)
		}
		d.Set("materialized", "snapshot")
		d.Set("snapshot_meta_column_names", jinja.NewDict("dbt_valid_to", nil, "dbt_valid_from", nil, "dbt_scd_id", nil, "dbt_updated_at", nil, "dbt_is_deleted", nil))
	}
	return d
}

// resolveConfig puts a resource's configs together: defaults, its package's
// dbt_project.yml from the outermost folder in, its properties, what its file
// says, and for a package's resource what the root project says at the end.
func (l *loader) resolveConfig(t ResourceType, p *pkg, fqn []string, more ...*jinja.Dict) *Config {
	section := t
	if t == Operation || t == Analysis {
		section = Model // dbt has no section of their own
	}
	d := l.configBase(t, p, p.configs[section], fqn).Copy()
	for _, m := range more {
		for i := range m.Len() {
			k, v := m.At(i)
			mergeConfig(d, configKey(jinja.Str(k)), v)
		}
	}
	if !p.isRoot {
		for _, level := range configLevels(l.p.root.configs[section], fqn) {
			mergeLevel(level, d)
		}
	}
	if t == DataTest {
		finishTestConfig(d)
	}
	return &Config{values: d.Freeze()}
}

// configBase is what a resource's configs are before its own: the defaults and
// its package's dbt_project.yml. Resources of one folder share it.
func (l *loader) configBase(t ResourceType, p *pkg, configs *jinja.Dict, fqn []string) *jinja.Dict {
	levels := configLevels(configs, fqn)
	key := configBaseKey{t, p, nil}
	if len(levels) > 0 {
		key.deepest = levels[len(levels)-1]
	}
	if known, ok := l.configBases.Load(key); ok {
		return known.(*jinja.Dict)
	}
	d := configDefaults(t)
	for _, level := range levels {
		mergeLevel(level, d)
	}
	base, _ := l.configBases.LoadOrStore(key, d.Freeze())
	return base.(*jinja.Dict)
}

// configBaseKey is a folder of dbt_project.yml: the deepest that leads to a
// resource tells the others.
type configBaseKey struct {
	resource ResourceType
	pkg      *pkg
	deepest  *jinja.Dict
}

// configLevels are the mappings of dbt_project.yml that lead to a resource, the
// outermost first.
func configLevels(level *jinja.Dict, fqn []string) []*jinja.Dict {
	var levels []*jinja.Dict
	for i := 0; level != nil; i++ {
		levels = append(levels, level)
		if i >= len(fqn) {
			break
		}
		next, _ := level.Get(fqn[i])
		level, _ = next.(*jinja.Dict)
	}
	return levels
}

// mergeLevel merges the configs of one level. A mapping without a plus is a
// folder, not a config.
func mergeLevel(level, into *jinja.Dict) {
	for i := range level.Len() {
		k, v := level.At(i)
		key, plus := strings.CutPrefix(jinja.Str(k), "+")
		if _, isDict := v.(*jinja.Dict); plus || !isDict {
			mergeConfig(into, configKey(key), v)
		}
	}
}

// finishTestConfig settles store_failures, which store_failures_as overrides.
func finishTestConfig(d *jinja.Dict) {
	as, _ := d.Get("store_failures_as")
	if as != nil {
		d.Set("store_failures", as != "ephemeral")
		return
	}
	switch v, _ := d.Get("store_failures"); v {
	case true:
		d.Set("store_failures_as", "table")
	case false:
		d.Set("store_failures_as", "ephemeral")
	}
}

// unusedConfigs lists the folders of dbt_project.yml that configure nothing.
func unusedConfigs(level *jinja.Dict, path []string, used func(path []string) bool) [][]string {
	var unused [][]string
	for _, k := range keysIn(level) {
		v, _ := level.Get(k)
		folder, ok := v.(*jinja.Dict)
		if !ok || strings.HasPrefix(jinja.Str(k), "+") {
			continue
		}
		inner := append(path[:len(path):len(path)], jinja.Str(k))
		if !used(inner) {
			unused = append(unused, inner)
			continue
		}
		unused = append(unused, unusedConfigs(folder, inner, used)...)
	}
	return unused
}
