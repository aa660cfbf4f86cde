package dbt

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"apotheca/internal/jinja"
)

// Personal data are what columns hold that are marked `meta: {pii: true}`. A
// project guards them when a model of it says by `meta: {pii: …}` whether it
// may have such columns; what other projects use that mark for is left to
// them. In a project that guards, a model that says nothing may have none.
const (
	piiAllowed = "allowed"
	piiRefused = "refused"
)

// GuardsPersonalData reports whether the project says where personal data may
// be. What is said of its rows, anywhere, must then hold no values.
func (p *Project) GuardsPersonalData() bool { return p.personal != nil }

// ReadsPersonalData reports whether a node stands directly on a relation that
// has personal columns.
func (p *Project) ReadsPersonalData(n *Node) bool {
	return slices.ContainsFunc(n.DependsOn.Nodes, func(id string) bool {
		if s, ok := p.Sources[id]; ok {
			return anyPersonal(s.Columns)
		}
		parent, ok := p.Nodes[id]
		return ok && anyPersonal(parent.Columns)
	})
}

// IsPersonal reports whether a column of a source is marked as personal; known
// is false where the project has no such source.
func (p *Project) IsPersonal(schema, table, column string) (marked, known bool) {
	for _, s := range p.Sources {
		if s.Schema == schema && s.Identifier == table {
			return slices.ContainsFunc(s.Columns, func(c ColumnInfo) bool {
				return isPersonal(c) && strings.EqualFold(c.Name, column)
			}), true
		}
	}
	return false, false
}

// checkPersonalData holds a project that guards personal data to what it says.
// Columns are known by their names here; what a query calls otherwise is found
// when it is compiled, see checkLineage.
func (l *loader) checkPersonalData() {
	guard := personalGuard{loader: l, names: map[string]bool{}}
	for _, s := range l.p.Sources {
		guard.learn(s.Columns)
	}
	for _, n := range l.p.Nodes {
		guard.learn(n.Columns)
		if n.ResourceType == Model && piiOf(n) != "" {
			l.p.personal = sync.OnceValue(l.p.personalRelations)
		}
	}
	if !l.p.GuardsPersonalData() {
		return
	}
	for _, n := range l.p.Nodes {
		switch n.ResourceType {
		case Model:
			guard.model(n)
		case Seed:
			guard.seed(n)
		case Snapshot:
			guard.snapshot(n)
		case DataTest:
			guard.dataTest(n)
		}
	}
}

// personalGuard is one check of a project.
type personalGuard struct {
	*loader
	names map[string]bool // of personal columns, in lower case
}

func (g *personalGuard) learn(columns []ColumnInfo) {
	for _, c := range columns {
		if isPersonal(c) {
			g.names[strings.ToLower(c.Name)] = true
		}
	}
}

// named reports a column that is personal, or has the name of one that is.
func (g *personalGuard) named(c ColumnInfo) bool { return g.names[strings.ToLower(c.Name)] }

func (g *personalGuard) model(n *Node) {
	switch says := piiOf(n); says {
	case piiAllowed:
		for _, c := range n.Columns {
			if g.named(c) && !isPersonal(c) {
				g.fail(personalProblem(n, c.Line, fmt.Sprintf("the column %s of %s is personal data elsewhere and not marked here", c.Name, n.Name),
					"config: {meta: {pii: true}}"))
			}
		}
	case piiRefused, "":
		for _, c := range n.Columns {
			if g.named(c) {
				g.fail(personalProblem(n, c.Line, fmt.Sprintf("the column %s of %s is personal data, which this model may not have", c.Name, n.Name),
					"leave the column out, or let the model say config: {meta: {pii: allowed}}"))
			}
		}
	default:
		g.fail(personalProblem(n, 0, fmt.Sprintf("meta.pii of %s is %q, not allowed or refused", n.Name, says), ""))
	}
}

func (g *personalGuard) seed(n *Node) {
	for _, c := range n.Columns {
		if g.named(c) {
			g.fail(personalProblem(n, c.Line, fmt.Sprintf("the column %s of the seed %s is personal data, and a seed is a file of the project", c.Name, n.Name),
				"load the file as a source"))
		}
	}
}

func (g *personalGuard) snapshot(n *Node) {
	if g.p.ReadsPersonalData(n) || slices.ContainsFunc(n.Columns, g.named) {
		g.fail(personalProblem(n, 0, fmt.Sprintf("the snapshot %s would keep personal data for ever", n.Name),
			"take it of a model that has none"))
	}
}

func (g *personalGuard) dataTest(n *Node) {
	store, _ := n.Config.Bool("store_failures")
	as := n.Config.String("store_failures_as")
	if (store && as == "" || as != "" && as != "ephemeral") && g.p.ReadsPersonalData(n) {
		g.fail(personalProblem(n, n.Line, fmt.Sprintf("the test %s would keep rows with personal data", n.Name), "config: {store_failures: false}"))
	}
}

// personalProblem is one of a node, in the file that describes it where there
// is one.
func personalProblem(n *Node, line int, message, hint string) Problem {
	p := Problem{File: n.OriginalFilePath, Line: line, Message: message, Hint: hint}
	if n.patch != nil {
		p.File = n.patch.file.shown
		if line == 0 {
			p.Line = n.patch.node.Line
		}
	}
	return p
}

// piiOf is what a node says of personal data, or nothing.
func piiOf(n *Node) string {
	meta, _ := n.Config.Get("meta")
	d, ok := meta.(*jinja.Dict)
	if !ok {
		return ""
	}
	says, _ := get(d, "pii").(string)
	return says
}

func isPersonal(c ColumnInfo) bool { return saysPII(c) == true }

func anyPersonal(columns []ColumnInfo) bool { return slices.ContainsFunc(columns, isPersonal) }
