package dbt

import "apotheca/internal/jinja"

// Target is the chosen output of profiles.yml.
type Target struct {
	Profile  string
	Name     string
	Type     string // adapter type: duckdb, postgres, snowflake
	Database string
	Schema   string
	Threads  int
	// Credentials are all keys of the output, rendered.
	Credentials *jinja.Dict
}
