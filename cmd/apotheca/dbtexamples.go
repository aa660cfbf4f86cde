package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// illustrate ends the help of every command with what is typed most.
func illustrate(parent *cobra.Command, program string) {
	for _, c := range leaves(parent) {
		var lines []string
		for _, example := range examples[commandKey(c)] {
			lines = append(lines, "  "+program+" "+commandKey(c)+" "+example)
		}
		c.Example = strings.TrimRight(strings.Join(lines, "\n"), " ")
	}
}

// examples are arguments, by command.
var examples = map[string][]string{
	"build":            {"--select +orders", "--select state:modified+ --state last-run", "--exclude tag:nightly --fail-fast"},
	"clean":            {""},
	"clone":            {"--state production"},
	"compile":          {"--select orders", "--inline 'select * from {{ ref(\"orders\") }}'"},
	"debug":            {"", "--connection --target prod"},
	"deps":             {"", "--upgrade", "--add-package dbt-labs/dbt_utils@1.3.0"},
	"docs generate":    {"", "--no-compile --select marts"},
	"docs serve":       {"--port 8081"},
	"ls":               {"--select source:raw+", "--resource-type model --output json --output-keys name unique_id"},
	"parse":            {"--show-all-deprecations"},
	"retry":            {"", "--state last-run"},
	"run":              {"--select orders+", "--full-refresh --vars '{run_date: 2026-11-21}'"},
	"run-operation":    {"grant_select --args '{role: reporter}'"},
	"seed":             {"--full-refresh", "--select countries --show"},
	"show":             {"--select orders --limit 20", "--inline 'select count(*) from {{ ref(\"orders\") }}' --output json"},
	"snapshot":         {"", "--select customers_snapshot"},
	"source freshness": {"--select source:raw"},
	"test":             {"--select test_type:unit", "--select orders --store-failures"},
}
