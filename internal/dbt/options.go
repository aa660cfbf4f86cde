package dbt

import (
	"io/fs"
	"time"
)

// Version is the dbt release whose semantics a project gets and which its
// templates see as dbt_version.
const Version = "1.10.13"

// Options says which project to load, and for which target.
type Options struct {
	// FS holds the project; its root has dbt_project.yml.
	FS fs.FS
	// Dir is how messages and templates name the root of FS; it is not opened.
	Dir string
	// Profiles holds profiles.yml; nil means FS.
	Profiles fs.FS
	// Profile and Target override the project's and the profile's choice.
	Profile string
	Target  string
	// Credentials are set over the chosen output of profiles.yml (path,
	// schema, …), so that a caller can point a project at its own database.
	// With AdapterType among them ("type") no profiles.yml is needed.
	Credentials map[string]any

	// Vars are the command line's --vars.
	Vars map[string]any
	// Env looks up an environment variable; nil means there are none.
	Env func(name string) (string, bool)

	// NoVersionCheck passes over require-dbt-version.
	NoVersionCheck bool

	// MetadataEnv are the variables DBT_ENV_CUSTOM_ENV_…, by the rest of their
	// names: templates and the manifest see them.
	MetadataEnv map[string]string

	// Sample restricts what is read of inputs with an event time; nil reads all.
	Sample *Window

	FullRefresh bool
	Threads     int    // 0: the profile's
	Command     string // flags.WHICH: run, test, build, …
	// Flags are more flags for templates, by their upper-case name.
	Flags map[string]any

	// Now is run_started_at; InvocationID names the run.
	Now          time.Time
	InvocationID string

	// Log receives what templates say with log(), under dbt's name of the event:
	// JinjaLogInfo or JinjaLogDebug. Print is what they print(); nil discards it.
	Log   func(event, message string)
	Print func(message string)
	// Warn receives what templates warn of. An error stops what warned.
	Warn func(message string) error
}
