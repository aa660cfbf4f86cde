package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"apotheca/internal/dbt"
)

// settle decides the value of every flag: the command line's, else that of its
// variable, else what flags: in dbt_project.yml says, else the default.
func (f *dbtFlags) settle(flags *pflag.FlagSet, env func(string) (string, bool)) error {
	given := map[string]bool{}
	var names []string
	flags.VisitAll(func(flag *pflag.Flag) {
		name := strings.TrimPrefix(flag.Name, "no-")
		given[name] = given[name] || flag.Changed
		if name == flag.Name && name != "help" {
			names = append(names, name)
		}
	})
	if given["models"] || given["model"] {
		f.outdate("ModelParamUsageDeprecation", "Usage of `--models`, `--model`, and `-m` is deprecated in favor of `--select` or `-s`.")
	}
	if err := f.fromEnvironment(flags, names, given, env); err != nil {
		return err
	}
	if err := f.fromProject(flags, given, env); err != nil {
		return err
	}
	f.follow(given)
	return f.check(given)
}

// fromEnvironment sets the flags that the command line leaves alone.
func (f *dbtFlags) fromEnvironment(flags *pflag.FlagSet, names []string, given map[string]bool, env func(string) (string, bool)) error {
	for _, name := range names {
		variable := "DBT_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		value, ok := env(variable)
		if !ok || value == "" || given[name] || slices.Contains(withoutVariable(), name) {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return usagef("%s=%s: %v", variable, value, err)
		}
		given[name] = true
	}
	for old, name := range oldVariables {
		value, ok := env(old)
		if !ok || value == "" || flags.Lookup(name) == nil {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return usagef("%s=%s: %v", old, value, err)
		}
		given[name] = true
		now := "DBT_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(name, "no-"), "-", "_"))
		f.outdate("EnvironmentVariableRenamed", fmt.Sprintf("The environment variable `%[1]s` has been renamed as `%[2]s`. If `%[1]s` is currently set, its value will be used instead of `%[2]s`. Set `%[2]s` and unset `%[1]s` to avoid this deprecation warning and ensure it works properly in a future release.", old, now))
	}
	return nil
}

// outdate keeps a warning until there is a log to tell it.
func (f *dbtFlags) outdate(event, message string) {
	f.outdated = append(f.outdated, dbt.Problem{Event: event, Message: message})
}

// outdateOptions finds the older names in warn_error_options.
func (f *dbtFlags) outdateOptions(options map[string]any) {
	var found, advice []string
	for _, key := range []struct{ old, now string }{{"include", "error"}, {"exclude", "warn"}} {
		if _, ok := options[key.old]; ok {
			found = append(found, "`"+key.old+"`")
			advice = append(advice, fmt.Sprintf(" Please use `%s` instead of `%s`.", key.now, key.old))
		}
	}
	if len(found) > 0 {
		f.outdate("WEOIncludeExcludeDeprecation", "Found "+strings.Join(found, " and ")+" in `warn_error_options` specification."+strings.Join(advice, ""))
	}
}

// oldVariables are names under which dbt still reads some of them.
var oldVariables = map[string]string{
	"DBT_DEFER_TO_STATE": "defer", "DBT_FAVOR_STATE_MODE": "favor-state", "DBT_ARTIFACT_STATE_PATH": "state", "DBT_NO_PRINT": "no-print",
}

// projectFlags are those that a project may set for everybody.
var projectFlags = []string{
	"cache_selected_only", "debug", "fail_fast", "indirect_selection", "log_format", "log_format_file", "log_level", "log_level_file",
	"partial_parse", "populate_cache", "printer_width", "send_anonymous_usage_stats", "static_parser", "use_colors", "use_colors_file",
	"use_experimental_parser", "version_check", "warn_error", "warn_error_options", "write_json",
}

// fromProject sets what neither the command line nor the environment says.
func (f *dbtFlags) fromProject(flags *pflag.FlagSet, given map[string]bool, env func(string) (string, bool)) error {
	f.behaviour = dbt.BehaviourFlags()
	dir, err := f.findProject()
	if err != nil {
		return nil // the command itself says so, if it needs a project
	}
	folders, err := dbt.ReadFolders(os.DirFS(dir))
	if err != nil {
		return nil
	}
	settings, err := f.userConfig(env, dir, folders.Flags)
	if err != nil {
		return err
	}
	for name, value := range settings {
		if _, ok := f.behaviour[name]; ok {
			on, err := truth(fmt.Sprint(value))
			if err != nil {
				return usagef("dbt_project.yml: flags: %s: %v", name, err)
			}
			f.behaviour[name] = on
			continue
		}
		flag := strings.ReplaceAll(name, "_", "-")
		if !slices.Contains(projectFlags, name) || given[flag] || value == nil {
			continue
		}
		if name == "warn_error_options" {
			options, ok := value.(map[string]any)
			if !ok {
				return usagef("dbt_project.yml: flags: warn_error_options is no dictionary").hint("warn_error_options: {error: all}")
			}
			if f.warnings, err = dbt.ParseWarningPolicy(options); err != nil {
				return usagef("dbt_project.yml: flags: warn_error_options: %v", err)
			}
			f.outdateOptions(options)
		} else if err := flags.Set(flag, fmt.Sprint(value)); err != nil {
			return usagef("dbt_project.yml: flags: %s: %v", name, err)
		}
		given[flag] = true
	}
	return nil
}

// userConfig are the project's flags, or in their stead config: of profiles.yml,
// where dbt kept them before.
func (f *dbtFlags) userConfig(env func(string) (string, bool), dir string, flags map[string]any) (map[string]any, error) {
	profiles, err := profilesFS(env, dir, f.profilesDir)
	if err != nil {
		return flags, nil // the command itself says so, if it needs a profile
	}
	config := dbt.ReadUserConfig(profiles)
	switch {
	case len(config) == 0:
		return flags, nil
	case len(flags) > 0:
		return nil, usagef("Do not specify both 'config' in profiles.yml and 'flags' in dbt_project.yml. Using 'config' in profiles.yml is deprecated.").
			hint("move what stands below config: in profiles.yml to flags: in dbt_project.yml")
	}
	f.outdate("ProjectFlagsMovedDeprecation", "User config should be moved from the 'config' key in profiles.yml to the 'flags' key in dbt_project.yml.")
	return config, nil
}

// follow gives dbt.log what was said of the console, unless it was said of it.
func (f *dbtFlags) follow(given map[string]bool) {
	if given["log-level"] && !given["log-level-file"] {
		f.logLevelFile = f.logLevel
	}
	if given["log-format"] && !given["log-format-file"] {
		f.logFormatFile = f.logFormat
	}
	if f.fileColour == nil {
		f.fileColour = f.colour
	}
}

func (f *dbtFlags) check(given map[string]bool) error {
	formats := []string{"default", "text", "debug", "json"}
	for _, flag := range []struct{ suffix, level, format string }{{"", f.logLevel, f.logFormat}, {"-file", f.logLevelFile, f.logFormatFile}} {
		if _, ok := severities[flag.level]; !ok {
			return usagef("--log-level%s %s is no severity", flag.suffix, flag.level).hint("debug, info, warn, error or none")
		}
		if !slices.Contains(formats, flag.format) {
			return usagef("--log-format%s %s is no format", flag.suffix, flag.format).hint("default, text, debug or json")
		}
	}
	if !slices.Contains([]string{"eager", "cautious", "buildable", "empty"}, f.indirect) {
		return usagef("--indirect-selection %s is no way to choose tests", f.indirect).hint("eager, cautious, buildable or empty")
	}
	return f.checkWarnings(given)
}

func (f *dbtFlags) checkWarnings(given map[string]bool) error {
	if given["warn-error"] && given["warn-error-options"] {
		return usagef("warn_error_options: not allowed with argument warn_error")
	}
	if f.warnErrorOptions != "" {
		options, err := dbt.ParseVars(f.warnErrorOptions)
		if err != nil {
			return usagef("--warn-error-options %q is not a YAML dictionary", f.warnErrorOptions).hint("--warn-error-options '{error: all}'")
		}
		if f.warnings, err = dbt.ParseWarningPolicy(options); err != nil {
			return usagef("--warn-error-options: %v", err).hint("--warn-error-options '{error: all, silence: [NoNodesForSelectionCriteria]}'")
		}
		f.outdateOptions(options)
	}
	if f.warnError {
		f.warnings = dbt.AllErrors()
	}
	return nil
}

// colours says whether the console is coloured.
func (f *dbtFlags) colours(terminal bool) bool {
	if f.colour != nil {
		return *f.colour
	}
	return terminal
}
