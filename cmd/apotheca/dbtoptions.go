package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// attach gives every command the flags that dbt gives it. The others it takes
// for mistyped, as dbt does.
func (f *dbtFlags) attach(parent *cobra.Command) {
	shared := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.registerShared(shared)
	for _, c := range leaves(parent) {
		names := strings.Fields(sharedFlags[commandKey(c)])
		shared.VisitAll(func(flag *pflag.Flag) {
			if slices.Contains(names, strings.TrimPrefix(flag.Name, "no-")) {
				c.Flags().AddFlag(flag)
			}
		})
	}
}

func leaves(c *cobra.Command) []*cobra.Command {
	if !c.HasSubCommands() {
		return []*cobra.Command{c}
	}
	var found []*cobra.Command
	for _, sub := range c.Commands() {
		found = append(found, leaves(sub)...)
	}
	return found
}

// commandKey is a command's name below dbt: "docs generate".
func commandKey(c *cobra.Command) string {
	if parent := c.Parent(); parent != nil && parent.Name() != "dbt" {
		return parent.Name() + " " + c.Name()
	}
	return c.Name()
}

const (
	projectOptions   = " project-dir profiles-dir vars "
	runningOptions   = projectOptions + " target-path threads "
	selectionOptions = runningOptions + " select models model exclude selector "
	typeOptions      = " resource-type resource-types exclude-resource-type exclude-resource-types "
	timeOptions      = " event-time-start event-time-end sample "
)

// sharedFlags are those that a command has beside the ones that every command
// has and the ones that it alone has.
var sharedFlags = map[string]string{
	"build":            selectionOptions + typeOptions + timeOptions + "empty full-refresh store-failures",
	"clean":            projectOptions + "target-path",
	"clone":            selectionOptions + typeOptions + "full-refresh",
	"compile":          selectionOptions + "empty full-refresh introspect",
	"debug":            projectOptions,
	"deps":             projectOptions,
	"docs generate":    selectionOptions,
	"docs serve":       projectOptions + "target-path",
	"ls":               selectionOptions + typeOptions,
	"parse":            runningOptions,
	"retry":            runningOptions + "full-refresh",
	"run":              selectionOptions + timeOptions + "empty full-refresh",
	"run-operation":    runningOptions,
	"seed":             selectionOptions + "full-refresh",
	"show":             selectionOptions + "full-refresh introspect",
	"snapshot":         selectionOptions + "empty",
	"source freshness": selectionOptions,
	"test":             selectionOptions + typeOptions + "store-failures",
}
