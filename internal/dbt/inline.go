package dbt

import (
	"context"
)

// Inline makes a node of a query given on the command line. It may refer to
// the project's nodes; nothing refers to it.
func (p *Project) Inline(sql string) (*Node, error) {
	n := &Node{
		Name: "inline_query", ResourceType: "sql_operation", PackageName: p.Name, Path: "sql/inline_query", OriginalFilePath: "inline_query",
		UniqueID: "sql_operation." + p.Name + ".inline_query", FQN: []string{p.Name, "sql", "inline_query"}, Language: "sql",
		Alias: "inline_query", Schema: p.Target.Schema, Database: p.Target.Database,
		RawCode: sql, Checksum: checksum(sql), Line: 1, pkg: p.root,
	}
	n.Config = &Config{configDefaults(Model)}
	sc := &scope{p: p, pkg: p.root, level: levelFull, node: n, seen: &seen{}}
	if _, err := sc.renderNode(context.Background(), n); err != nil {
		return nil, templateProblem(n.shownFile(), 1, err)
	}
	n.Refs, n.SourceRefs, n.DependsOn.Macros = sc.seen.refs, sc.seen.sources, sc.seen.macros
	if missing := p.resolveDependencies(n); len(missing) > 0 {
		return nil, missing
	}
	return n, nil
}
