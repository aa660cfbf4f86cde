package dbt

import "context"

// Selection is what the command line asked for, in dbt's selection grammar.
// Elements are united; a comma inside one intersects.
type Selection struct {
	Select  []string
	Exclude []string
	// ResourceTypes keeps only these; empty keeps all that the command runs.
	ResourceTypes []ResourceType
	// Indirect decides which tests come with selected nodes: eager (default),
	// cautious, buildable or empty.
	Indirect string
}

// Select returns the ids of the selected nodes, unit tests and, where asked
// for, sources and exposures, sorted.
func (p *Project) Select(s Selection) ([]string, error) { return nil, context.Canceled }

// BuildOrder returns, for each of the ids, the ids among them it must wait for,
// also through nodes that were not selected. With gates, as dbt build has it, a
// node waits too for the tests whose parents all lie upstream of it, and a
// model for its unit tests.
func (p *Project) BuildOrder(ids []string, gates bool) map[string][]string { return nil }
