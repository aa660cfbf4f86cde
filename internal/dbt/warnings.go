package dbt

import (
	"fmt"
	"slices"
	"strings"

	"apotheca/internal/jinja"
)

// WarningPolicy says what becomes of warnings, by the names of dbt's events:
// which are errors and which are not told at all. "Deprecations" stands for all
// of those, "all" or "*" for every warning. The zero policy only tells.
type WarningPolicy struct {
	all                     bool
	errors, warns, silences []string
}

const deprecations = "Deprecations"

// AllErrors is the policy of --warn-error.
func AllErrors() WarningPolicy { return WarningPolicy{all: true} }

// ParseWarningPolicy reads warn_error_options: error (or include), warn (or
// exclude) and silence.
func ParseWarningPolicy(options map[string]any) (WarningPolicy, error) {
	p := WarningPolicy{}
	given := map[string]string{}
	for key, value := range options {
		to := map[string]*[]string{"error": &p.errors, "include": &p.errors, "warn": &p.warns, "exclude": &p.warns, "silence": &p.silences}[key]
		if to == nil {
			return p, fmt.Errorf("%s is none of error, warn and silence", key)
		}
		group := map[string]string{"include": "error", "exclude": "warn"}[key]
		if group == "" {
			group = key
		}
		if other := given[group]; other != "" {
			return p, fmt.Errorf("only one of %s and %s may be there", min(key, other), max(key, other))
		}
		given[group] = key
		if text, ok := value.(string); ok {
			if group != "error" || text != "all" && text != "*" {
				return p, fmt.Errorf("%s: %s is no list of names", key, text)
			}
			p.all = true
			continue
		}
		names, err := eventNames(key, value)
		if err != nil {
			return p, err
		}
		*to = names
	}
	if len(p.warns) > 0 && !p.all && !slices.Contains(p.errors, deprecations) && !slices.Contains(p.silences, deprecations) {
		return p, fmt.Errorf("warn is for what error: all, or Deprecations in error or silence, would take along")
	}
	return p, nil
}

// Options are the policy as dbt writes it into artifacts.
func (p WarningPolicy) Options() map[string]any {
	list := func(names []string) []string { return append([]string{}, names...) }
	options := map[string]any{"error": list(p.errors), "warn": list(p.warns), "silence": list(p.silences)}
	if p.all {
		options["error"] = "all"
	}
	return options
}

func eventNames(key string, value any) ([]string, error) {
	var names []string
	switch x := value.(type) {
	case nil:
	case []any:
		for _, e := range x {
			names = append(names, fmt.Sprint(e))
		}
	case *jinja.List:
		names = texts(x)
	default:
		return nil, fmt.Errorf("%s: %v is no list of names", key, value)
	}
	for _, name := range names {
		if name != deprecations && EventCode(name) == "" {
			message := fmt.Sprintf("%s is not a valid dbt error name", name)
			if near := nearest(name, keysOf(eventCodes)); near != "" {
				message += fmt.Sprintf("; did you mean %s?", near)
			}
			return nil, fmt.Errorf("%s", message)
		}
	}
	return names, nil
}

// IsDeprecation reports an event that tells of something that will go away.
func IsDeprecation(event string) bool { return strings.HasPrefix(EventCode(event), "D") }

// NamesItself reports a deprecation that dbt prints with the name of its event,
// as it does with the newer ones.
func NamesItself(event string) bool {
	switch event {
	case "ModelParamUsageDeprecation", "ModulesItertoolsUsageDeprecation", "SourceOverrideDeprecation", "EnvironmentVariableNamespaceDeprecation":
		return false
	}
	return EventCode(event) >= "D021"
}

// Fails reports a warning that is an error. A name counts for more than
// Deprecations, and that for more than all.
func (p WarningPolicy) Fails(event string) bool {
	if slices.Contains(p.warns, event) || slices.Contains(p.silences, event) {
		return false
	}
	if slices.Contains(p.errors, event) {
		return true
	}
	if IsDeprecation(event) {
		if slices.Contains(p.warns, deprecations) || slices.Contains(p.silences, deprecations) {
			return false
		}
		if slices.Contains(p.errors, deprecations) {
			return true
		}
	}
	return p.all
}

// Silences reports a warning that is not told.
func (p WarningPolicy) Silences(event string) bool {
	if slices.Contains(p.silences, event) {
		return true
	}
	return IsDeprecation(event) && slices.Contains(p.silences, deprecations) &&
		!slices.Contains(p.warns, event) && !slices.Contains(p.errors, event)
}
