package dbt

import (
	"io/fs"
	"maps"
	"strings"

	"apotheca/internal/jinja"
)

// BehaviourFlags are the flags that only flags: in dbt_project.yml can set,
// with the defaults of dbt 1.10. Templates see them all.
func BehaviourFlags() map[string]bool { return maps.Clone(behaviourFlags) }

var behaviourFlags = map[string]bool{
	"require_batched_execution_for_custom_microbatch_strategy":        false,
	"require_event_names_in_deprecations":                             false,
	"require_explicit_package_overrides_for_builtin_materializations": true,
	"require_resource_names_without_spaces":                           true,
	"source_freshness_run_project_hooks":                              true,
	"skip_nodes_if_on_run_start_fails":                                false,
	"state_modified_compare_more_unrendered_values":                   false,
	"state_modified_compare_vars":                                     false,
	"require_yaml_configuration_for_mf_time_spines":                   false,
	"require_nested_cumulative_type_params":                           false,
	"validate_macro_args":                                             false,
	"require_all_warnings_handled_by_warn_error":                      false,
	"require_generic_test_arguments_property":                         true,
}

// behaves reports a behaviour flag: as the caller settled it, else as the project
// says.
func (p *Project) behaves(name string) bool {
	if on, ok := p.options.Flags[strings.ToUpper(name)].(bool); ok {
		return on
	}
	if on, ok := p.root.flags()[name].(bool); ok {
		return on
	}
	return behaviourFlags[name]
}

// ReadUserConfig reads what dbt took for the user's settings before it had
// flags: config: in profiles.yml. It is nil where there is none.
func ReadUserConfig(profiles fs.FS) map[string]any {
	data, err := fs.ReadFile(profiles, profilesFile)
	if err != nil {
		return nil
	}
	doc, err := parseYAML(data)
	if err != nil {
		return nil // whoever reads the profile says so
	}
	d, ok := plain(child(doc, "config")).(*jinja.Dict)
	if !ok {
		return nil
	}
	config, _ := jinja.ToGo(d).(map[string]any)
	return config
}

// flags are those of dbt_project.yml, as written.
func (p *pkg) flags() map[string]any {
	d, ok := plain(child(p.doc, "flags")).(*jinja.Dict)
	if !ok {
		return nil
	}
	flags, _ := jinja.ToGo(d).(map[string]any)
	return flags
}
