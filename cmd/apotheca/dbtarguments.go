package main

import (
	"maps"
	"path/filepath"
	"strings"

	"apotheca/internal/dbt"
)

// arguments are the invocation's, as run_results.json keeps them for retry and
// for whoever asks how a run was started.
func (i *invocation) arguments() map[string]any {
	args := map[string]any{
		"which": i.command, "full_refresh": i.fullRefresh, "vars": map[string]any{}, "invocation_command": "dbt " + strings.Join(i.args, " "),
		"select": list(words(i.selects)), "exclude": list(words(i.exclude)),
		"resource_types": list(words(i.types)), "exclude_resource_types": list(words(i.excludeTypes)),
		"project_dir": i.dir, "profiles_dir": i.profilesDir, "target": nil, "threads": nil, "log_path": i.logPath,
		"log_format_file": i.logFormatFile, "log_level": i.logLevel, "log_level_file": i.logLevelFile, "log_file_max_bytes": i.logBytesMax,
		"use_colors_file": i.fileColour == nil || *i.fileColour, "show_all_deprecations": i.showAllDeprecations,
		"warn_error_options": i.warnings.Options(),
		// What has no effect here is as dbt has it when nobody says anything.
		"cache_selected_only": false, "macro_debugging": false, "partial_parse": true, "partial_parse_file_diff": true, "populate_cache": true,
		"send_anonymous_usage_stats": false, "show_resource_report": false, "static_parser": true, "strict_mode": false,
		"upload_to_artifacts_ingest_api": false, "use_fast_test_edges": false,
	}
	for name, value := range i.templateFlags() {
		if name != "NO_PRINT" {
			args[strings.ToLower(name)] = value
		}
	}
	if root, err := filepath.Abs(i.dir); err == nil && i.dir != "" {
		args["project_dir"] = root
	}
	if vars, err := dbt.ParseVars(i.vars); err == nil && vars != nil {
		args["vars"] = vars
	}
	maps.Copy(args, i.eventTime.arguments(i.started.UTC()))
	if i.target != "" {
		args["target"] = i.target
	}
	if i.threads > 0 {
		args["threads"] = i.threads
	}
	return args
}

// list is empty rather than null in JSON.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
