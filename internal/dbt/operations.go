package dbt

import (
	"context"
	"fmt"
	"path"

	"apotheca/internal/jinja"
)

// loadOperations makes a node of every on-run-start and on-run-end hook: the
// root project's first, then the packages', as dbt runs them.
func (l *loader) loadOperations() {
	for _, p := range l.p.ordered() {
		l.p.OnRunStart = append(l.p.OnRunStart, l.operations(p, "on-run-start")...)
		l.p.OnRunEnd = append(l.p.OnRunEnd, l.operations(p, "on-run-end")...)
	}
}

func (l *loader) operations(p *pkg, when string) []*Node {
	var out []*Node
	for i, sql := range texts(l.projectKey(p, when)) {
		n := &Node{
			Name: fmt.Sprintf("%s-%s-%d", p.name, when, i), ResourceType: Operation, PackageName: p.name,
			OriginalFilePath: "./" + projectFile, Language: "sql", RawCode: sql, Checksum: p.checksum, pkg: p,
			Hook: &HookMetadata{When: when, Index: i},
		}
		n.UniqueID = "operation." + p.name + "." + n.Name
		n.Path = path.Join("hooks", n.Name+".sql")
		n.FQN = []string{p.name, "hooks", n.Name}
		n.Alias, n.Schema, n.Database = n.Name, l.p.Target.Schema, l.p.Target.Database
		if at := keyNode(p.doc, when); at != nil {
			n.Line = at.Line
		}
		n.Config = l.resolveConfig(Operation, p, n.FQN)
		n.UnrenderedConfig = l.unrenderedConfig(n, nil, nil)
		n.Tags = []string{when}
		n.Config.values.Set("tags", jinja.NewList())
		l.nameRelation(n)
		l.parseOperation(n)
		l.p.Nodes[n.UniqueID] = n
		out = append(out, n)
	}
	return out
}

func (l *loader) parseOperation(n *Node) {
	sc := &scope{p: l.p, pkg: n.pkg, level: levelFull, node: n, seen: &seen{}}
	if _, err := sc.renderNode(context.Background(), n); err != nil {
		l.fail(templateProblem(n.pkg.file(projectFile), n.Line, err))
	}
	n.Refs, n.SourceRefs, n.DependsOn.Macros = sc.seen.refs, sc.seen.sources, sc.seen.macros
}
