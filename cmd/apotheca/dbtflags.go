package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"apotheca/internal/dbt"
)

// dbtFlags are the ones that dbt's commands share. Every flag may stand before
// or behind the command, and has a variable: DBT_ and its name.
type dbtFlags struct {
	projectDir, profilesDir, profile, target string
	targetPath, logPath                      string

	selects, exclude, types, excludeTypes []string
	selector, indirect                    string
	state, deferState                     string
	deferring, favorState                 bool

	vars           string
	threads        int
	singleThreaded bool
	fullRefresh    bool
	failFast       bool
	storeFailures  bool
	empty          bool
	eventTime      eventTimeFlags

	warnError           bool
	warnErrorOptions    string
	showAllDeprecations bool
	// Of warnError and warnErrorOptions.
	warnings dbt.WarningPolicy
	// outdated are warnings of flags and variables themselves.
	outdated []dbt.Problem
	// behaviour are the flags that dbt_project.yml alone can set.
	behaviour map[string]bool

	logFormat, logFormatFile, logLevel, logLevelFile string
	logBytesMax                                      int64
	debug, quiet, noPrint, noJSON                    bool
	colour, fileColour                               *bool // nil: nobody said
	anyVersion, noIntrospect                         bool
	printerWidth                                     int
}

// register adds the flags that every command has.
func (f *dbtFlags) register(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&f.profile, "profile", "", "`profile` to use instead of the project's")
	flags.StringVarP(&f.target, "target", "t", "", "`output` of the profile")
	flags.StringVar(&f.indirect, "indirect-selection", "eager", "which `tests` come along: eager, cautious, buildable or empty")
	flags.StringVar(&f.state, "state", "", "`folder` of another run's artifacts, to compare with or to defer to")
	flags.StringVar(&f.deferState, "defer-state", "", "`folder` of the artifacts to defer to, if not that of --state")
	pair(flags, &f.deferring, "defer", "", "read what is not selected from where the state has it")
	pair(flags, &f.favorState, "favor-state", "", "with --defer, also read from there what exists here")
	pair(flags, &f.singleThreaded, "single-threaded", "", "one node at a time, whatever the profile says")
	pair(flags, &f.failFast, "fail-fast", "x", "start nothing more after the first failure")
	flags.BoolVar(&f.warnError, "warn-error", false, "what dbt warns of is an error")
	flags.StringVar(&f.warnErrorOptions, "warn-error-options", "", "which warnings are errors, as `YAML`: {error: all, warn: […], silence: […]}")
	pair(flags, &f.showAllDeprecations, "show-all-deprecations", "", "tell of each deprecated thing, not of the first of its kind")
	f.registerOutput(flags)
	refuse(flags, "upload-to-artifacts-ingest-api", "there is no dbt Cloud behind this program; the artifacts are in the target folder")
	registerIgnored(flags)
}

// registerShared adds the flags that some commands have.
func (f *dbtFlags) registerShared(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringArrayVarP(&f.selects, "select", "s", nil, "`nodes` to include, in dbt's selection syntax")
	for _, old := range []struct{ name, short string }{{"models", "m"}, {"model", ""}} {
		flags.StringArrayVarP(&f.selects, old.name, old.short, nil, "the older name of --select")
		_ = flags.MarkHidden(old.name)
	}
	flags.StringArrayVar(&f.exclude, "exclude", nil, "`nodes` to leave out")
	flags.StringVar(&f.selector, "selector", "", "the selection of that `name` in selectors.yml")
	flags.StringArrayVar(&f.types, "resource-type", nil, "only this `type`: model, seed, test, unit_test, source, …")
	flags.StringArrayVar(&f.excludeTypes, "exclude-resource-type", nil, "all but this `type`")
	flags.StringArrayVar(&f.types, "resource-types", nil, "")
	flags.StringArrayVar(&f.excludeTypes, "exclude-resource-types", nil, "")
	_ = flags.MarkHidden("resource-types")
	_ = flags.MarkHidden("exclude-resource-types")
	pair(flags, &f.fullRefresh, "full-refresh", "f", "rebuild incremental models and seeds from nothing")
	pair(flags, &f.empty, "empty", "", "read no rows from refs and sources")
	pair(flags, &f.storeFailures, "store-failures", "", "keep the rows that made a test fail in the database")
	unset(flags, &f.noIntrospect, "introspect", "let templates ask the database while compiling")
	f.eventTime.register(flags)
	flags.StringVar(&f.vars, "vars", "", "variables, as `YAML` or JSON")
	flags.IntVar(&f.threads, "threads", 0, "nodes at once (default the profile's)")
	flags.StringVar(&f.projectDir, "project-dir", "", "the project's `folder` (default the nearest one with dbt_project.yml)")
	flags.StringVar(&f.profilesDir, "profiles-dir", "", "`folder` of profiles.yml")
	flags.StringVar(&f.targetPath, "target-path", "", "`folder` of artifacts (default target)")
}

func (f *dbtFlags) registerOutput(flags *pflag.FlagSet) {
	flags.StringVar(&f.logPath, "log-path", "", "`folder` of dbt.log (default logs)")
	flags.StringVar(&f.logFormat, "log-format", "default", "how lines look: default, text, debug or json")
	flags.StringVar(&f.logFormatFile, "log-format-file", "debug", "how lines of dbt.log look")
	flags.StringVar(&f.logLevel, "log-level", "info", "the least `severity` that is shown: debug, info, warn, error or none")
	flags.StringVar(&f.logLevelFile, "log-level-file", "debug", "the least `severity` that is kept in dbt.log")
	pair(flags, &f.debug, "debug", "d", "show what is only for finding mistakes")
	pair(flags, &f.quiet, "quiet", "q", "show nothing but errors, results and what templates print")
	unset(flags, &f.noPrint, "print", "show what templates print()")
	flags.Int64Var(&f.logBytesMax, "log-file-max-bytes", 10<<20, "set dbt.log aside when it is so many `bytes` long; 0 never does")
	decision(flags, &f.colour, "use-colors", "colour the console, or do not (default a terminal's)")
	decision(flags, &f.fileColour, "use-colors-file", "colour dbt.log, or do not")
	unset(flags, &f.noJSON, "write-json", "write manifest.json and run_results.json")
	unset(flags, &f.anyVersion, "version-check", "heed require-dbt-version")
	flags.IntVar(&f.printerWidth, "printer-width", 80, "`columns` of the lines on the console")
}

// withoutEffect are flags about what does not exist here, and why that harms
// nobody.
var withoutEffect = map[string]string{
	"browser":                    "the address is printed",
	"cache-selected-only":        "relations are asked for when they are needed",
	"log-cache-events":           "dbt.log has the questions that fill the cache",
	"macro-debugging":            "errors name the macros on the way, always",
	"partial-parse":              "a project is read anew each time, which is quick",
	"partial-parse-file-diff":    "a project is read anew each time, which is quick",
	"partial-parse-file-path":    "a project is read anew each time, which is quick",
	"populate-cache":             "relations are asked for when they are needed",
	"record-timing-info":         "what it writes is a profile of Python",
	"send-anonymous-usage-stats": "nothing is sent to anybody",
	"show-resource-report":       "the operating system tells what a process used",
	"static-parser":              "what can be read without rendering is",
	"use-experimental-parser":    "there is one parser",
	"use-fast-test-edges":        "the graph is the same either way",
}

func registerIgnored(flags *pflag.FlagSet) {
	for _, name := range slices.Sorted(maps.Keys(withoutEffect)) {
		switch name {
		case "browser": // which docs serve alone has
		case "record-timing-info":
			flags.StringP(name, "r", "", "")
			_ = flags.MarkHidden(name)
		case "partial-parse-file-path":
			flags.String(name, "", "")
			_ = flags.MarkHidden(name)
		default:
			pair(flags, new(bool), name, "", "")
		}
	}
}

// refuse takes a switch only where it is off.
func refuse(flags *pflag.FlagSet, name, reason string) {
	for _, v := range []refusedValue{{reason, true}, {reason, false}} {
		spelled := name
		if !v.on {
			spelled = "no-" + name
		}
		flag := flags.VarPF(v, spelled, "", "")
		flag.NoOptDefVal, flag.Hidden = "true", true
	}
}

type refusedValue struct {
	reason string
	on     bool
}

func (refusedValue) Type() string   { return "bool" }
func (refusedValue) String() string { return "false" }

func (v refusedValue) Set(text string) error {
	if given, err := truth(text); err != nil || given != v.on {
		return err
	}
	return errors.New(v.reason)
}

// pair registers --name and --no-name; the value is true for the one that
// changes something, which is the one that help shows.
func pair(flags *pflag.FlagSet, to *bool, name, short, usage string) {
	addSwitch(flags, switchValue{to, true}, name, short, usage)
	addSwitch(flags, switchValue{to, false}, "no-"+name, "", "")
}

// unset is a pair whose usual state is on: the value is true for --no-name.
func unset(flags *pflag.FlagSet, to *bool, name, usage string) {
	addSwitch(flags, switchValue{to, true}, "no-"+name, "", "do not "+usage)
	addSwitch(flags, switchValue{to, false}, name, "", "")
}

func addSwitch(flags *pflag.FlagSet, v switchValue, name, short, usage string) {
	flag := flags.VarPF(v, name, short, usage)
	flag.NoOptDefVal = "true"
	flag.Hidden = usage == ""
}

// decision is a pair of which neither half is the usual state: it knows
// whether somebody has said anything.
func decision(flags *pflag.FlagSet, to **bool, name, usage string) {
	for _, v := range []decisionValue{{to, true}, {to, false}} {
		spelled := name
		if !v.on {
			spelled, usage = "no-"+name, ""
		}
		flag := flags.VarPF(v, spelled, "", usage)
		flag.NoOptDefVal, flag.Hidden = "true", usage == ""
	}
}

type decisionValue struct {
	to **bool
	on bool
}

func (decisionValue) Type() string { return "bool" }
func (v decisionValue) String() string {
	return strconv.FormatBool(v.to != nil && *v.to != nil && **v.to == v.on)
}

func (v decisionValue) Set(text string) error {
	given, err := truth(text)
	is := given == v.on
	*v.to = &is
	return err
}

// switchValue is one half of a pair.
type switchValue struct {
	to *bool
	on bool
}

func (switchValue) Type() string     { return "bool" }
func (v switchValue) String() string { return strconv.FormatBool(v.to != nil && *v.to == v.on) }

func (v switchValue) Set(text string) error {
	given, err := truth(text)
	*v.to = given == v.on
	return err
}

// truth reads a boolean as dbt's variables spell them.
func truth(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "true", "t", "yes", "y", "on":
		return true, nil
	case "0", "false", "f", "no", "n", "off", "":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

// withoutVariable are the flags that dbt takes from the command line alone.
func withoutVariable() []string {
	return []string{"select", "models", "model", "exclude", "selector", "vars", "threads", "args", "inline", "limit", "output", "output-keys"}
}

// lists are the flags whose values may follow one another.
func (*dbtFlags) lists() []string {
	return []string{
		"--select", "-s", "--models", "--model", "-m", "--exclude", "--resource-type", "--resource-types",
		"--exclude-resource-type", "--exclude-resource-types", "--output-keys",
	}
}

// templateFlags are the ones that templates read as flags.NAME.
func (f *dbtFlags) templateFlags() map[string]any {
	flags := map[string]any{
		"STORE_FAILURES": f.storeFailures, "FAIL_FAST": f.failFast, "EMPTY": f.empty, "DEBUG": f.debug, "QUIET": f.quiet,
		"WARN_ERROR": f.warnError, "DEFER": f.deferring, "FAVOR_STATE": f.favorState, "PRINT": !f.noPrint, "NO_PRINT": f.noPrint,
		"USE_COLORS": f.colour == nil || *f.colour, "WRITE_JSON": !f.noJSON, "VERSION_CHECK": !f.anyVersion, "INTROSPECT": !f.noIntrospect,
		"INDIRECT_SELECTION": cmp.Or(f.indirect, "eager"), "PRINTER_WIDTH": f.printerWidth, "LOG_FORMAT": f.logFormat,
	}
	for name, on := range f.behaviour {
		flags[strings.ToUpper(name)] = on
	}
	return flags
}
