package dbt

import (
	"maps"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// flagsValue is `flags` in templates: the flags that dbt shows them, and those
// that the command line gave.
type flagsValue struct{ p *Project }

func (f flagsValue) GetAttr(name string) (any, bool) {
	if v, ok := f.p.options.Flags[name]; ok {
		return jinja.FromGo(v), true
	}
	switch name {
	case "FULL_REFRESH":
		return f.p.options.FullRefresh, true
	case "WHICH":
		return f.p.options.Command, true
	case "STORE_FAILURES", "FAIL_FAST", "EMPTY", "DEBUG", "QUIET", "NO_PRINT", "LOG_CACHE_EVENTS", "CACHE_SELECTED_ONLY", "USE_EXPERIMENTAL_PARSER",
		"SEND_ANONYMOUS_USAGE_STATS":
		return false, true
	case "INTROSPECT", "USE_COLORS", "WRITE_JSON", "PARTIAL_PARSE", "VERSION_CHECK", "STATIC_PARSER":
		return true, true
	case "WARN_ERROR", "TARGET_PATH", "LOG_PATH":
		return nil, true
	case "WARN_ERROR_OPTIONS":
		return noWarningOptions(), true
	case "INDIRECT_SELECTION":
		return "eager", true
	case "LOG_FORMAT":
		return "default", true
	case "PRINTER_WIDTH":
		return int64(80), true
	case "PROFILES_DIR":
		return f.p.options.Dir, true
	case "INVOCATION_COMMAND":
		return "dbt " + f.p.options.Command, true
	}
	return nil, false
}

func (f flagsValue) GetItem(key any) (any, bool) { return f.GetAttr(jinja.Str(key)) }
func (flagsValue) TypeName() string              { return "argparse.Namespace" }

func noWarningOptions() *jinja.Dict {
	return jinja.NewDict("error", jinja.NewList(), "warn", jinja.NewList(), "silence", jinja.NewList())
}

// invocationArgs is invocation_args_dict: the arguments of the command line by
// their names, with dbt's defaults. Those that were not given and have none
// are missing.
func (p *Project) invocationArgs() *jinja.Dict {
	d := jinja.NewDict(
		"which", p.options.Command, "invocation_command", "dbt "+p.options.Command, "project_dir", p.options.Dir, "profiles_dir", p.options.Dir,
		"threads", int64(p.Target.Threads), "vars", jinja.NewDict(), "select", &jinja.Tuple{}, "exclude", &jinja.Tuple{}, "indirect_selection", "eager",
		"log_format", "default", "log_format_file", "debug", "log_level", "info", "log_level_file", "debug", "log_path", "logs",
		"log_file_max_bytes", int64(10485760), "printer_width", int64(80), "warn_error_options", noWarningOptions(),
		"introspect", true, "partial_parse", true, "partial_parse_file_diff", true, "populate_cache", true, "print", true,
		"send_anonymous_usage_stats", false, "show_resource_report", false, "static_parser", true, "use_colors", true, "use_colors_file", true,
		"version_check", true, "write_json", true, "cache_selected_only", false, "defer", false, "empty", false, "favor_state", false,
		"macro_debugging", false, "quiet", false, "show_all_deprecations", false, "strict_mode", false, "upload_to_artifacts_ingest_api", false,
		"use_fast_test_edges", false,
	)
	for _, name := range slices.Sorted(maps.Keys(behaviourFlags)) {
		if name != "require_event_names_in_deprecations" {
			d.Set(name, behaviourFlags[name])
		}
	}
	if len(p.options.Vars) > 0 {
		d.Set("vars", jinja.FromGo(p.options.Vars))
	}
	if p.options.FullRefresh {
		d.Set("full_refresh", true)
	}
	for name, v := range p.options.Flags {
		if key := strings.ToLower(name); v != false || hasKey(d, key) {
			d.Set(key, jinja.FromGo(v))
		}
	}
	return d
}

func hasKey(d *jinja.Dict, key string) bool {
	_, ok := d.Get(key)
	return ok
}

// selectedResources are the ids of all that is run.
func (s *scope) selectedResources() *jinja.List {
	asked := s.adapter
	if w, ok := asked.(waiting); ok {
		asked = w.Adapter
	}
	if a, ok := asked.(interface{ Selected() []string }); ok {
		return jinjaList(a.Selected())
	}
	return jinja.NewList()
}

// validationValue is `validation`, whose validators dbt has in templates but
// never calls.
type validationValue struct{}

func (validationValue) GetAttr(name string) (any, bool) { return validators{}, name == "any" }

type validators struct{}

// GetItem takes the kinds that a value may have.
func (validators) GetItem(any) (any, bool) { return constantMacro(nil), true }
