package dbt

import "context"

// Project is a loaded project with its packages: every resource resolved,
// nothing compiled. It does not change after Load.
type Project struct {
	Name    string
	Version string
	Target  Target

	Nodes     map[string]*Node // models, seeds, snapshots, tests, analyses, operations
	Sources   map[string]*Source
	UnitTests map[string]*UnitTest
	Exposures map[string]*Exposure
	Groups    map[string]*Group
	Docs      map[string]*Doc
	Macros    map[string]*Macro
	// Disabled holds what is switched off, and tests whose model is missing.
	Disabled map[string][]*Node

	// Parents and Children hold every resource's neighbours, sorted; a
	// resource without any has an empty list.
	Parents  map[string][]string
	Children map[string][]string

	// OnRunStart and OnRunEnd are the hooks' operations in the order they run.
	OnRunStart []*Node
	OnRunEnd   []*Node

	// Warnings are what is suspicious and did not stop the load.
	Warnings Problems
	// Secrets are values that must not be printed (DBT_ENV_SECRET_…).
	Secrets []string

	options Options
}

// Load reads the project and its packages. It finds all errors it can: the
// error is a [Problems] unless the file system or the options are at fault.
func Load(o Options) (*Project, error) { return nil, context.Canceled }

type pkg struct{}
type template struct{}
type args struct{}
