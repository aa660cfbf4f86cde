package dbt

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Compiled is a node's SQL.
type Compiled struct {
	// Code is the node's query with the CTEs of its ephemeral parents in it.
	// For a data test it is the query that returns the failing rows.
	Code string
	// CTEs are the ephemeral parents that were injected, in order.
	CTEs []CTE
	// Macros are the ones the node depends on: dbt learns of some, such as those
	// around unique and not_null, only when it compiles.
	Macros []string
	// Path and RunPath are the files that Code and all that was run were
	// written to, as artifacts name them. RunPath is empty before a run.
	Path, RunPath string
	// References are the relations that foreign keys name, by what is written.
	References map[string]string
	// Index is the place of a hook that ran among those of its kind, from 1.
	Index int
	// Broken: it ended in an error, up to which Macros had been called.
	Broken bool
}

// CTE is an ephemeral model as it appears in its readers.
type CTE struct {
	UniqueID string
	SQL      string
}

// Overrides change what one compilation sees.
type Overrides struct {
	// Refs replace what ref(), source() and `this` render, by unique id.
	Refs map[string]string
	// IsIncremental, when not nil, is what is_incremental() answers.
	IsIncremental *bool
	// Macros replace macros by name, or package.name, by a constant.
	Macros  map[string]any
	Vars    map[string]any
	EnvVars map[string]any
	// Prefix are CTEs to put before the node's own.
	Prefix []CTE
}

// Compile renders one node for execution. is_incremental() inside it asks the
// adapter for the node's own relation.
func (p *Project) Compile(ctx context.Context, n *Node, a Adapter) (*Compiled, error) {
	return p.CompileWith(ctx, n, a, Overrides{})
}

// CompileWith is Compile with some of the node's surroundings replaced.
func (p *Project) CompileWith(ctx context.Context, n *Node, a Adapter, o Overrides) (*Compiled, error) {
	switch {
	case n.ResourceType == Seed:
		return &Compiled{}, nil
	case n.Language == "python":
		return nil, Problem{File: n.shownFile(), Message: "Python models are not supported", Hint: "write the model in SQL"}
	}
	sc := p.runScope(n, a, o)
	sc.seen = &seen{macros: slices.Clone(n.DependsOn.Macros)}
	if err := sc.bindKwargs(ctx); err != nil {
		return nil, p.compileError(n, err)
	}
	code, err := sc.renderNode(ctx, n)
	if err != nil {
		return &Compiled{Macros: sc.seen.macros, Broken: true}, p.compileError(n, err)
	}
	references, err := p.references(ctx, n, sc)
	if err != nil {
		return nil, p.compileError(n, err)
	}
	ctes := append(inOrderOfUse(o.Prefix, n, code), sc.ctes.list...)
	c := &Compiled{Code: injectCTEs(code, ctes), CTEs: ctes, Macros: sc.seen.macros, References: references}
	return c, p.checkLineage(n, c.Code)
}

// references renders what the foreign keys of a model refer to.
func (p *Project) references(ctx context.Context, n *Node, sc *scope) (map[string]string, error) {
	var found map[string]string
	for _, to := range n.ForeignKeys() {
		name, err := sc.renderText(ctx, "constraint of "+n.UniqueID, ConstraintTarget(to))
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = map[string]string{}
		}
		found[to] = name
	}
	return found, nil
}

// inOrderOfUse sorts CTEs as dbt has them: what stands in for the node itself,
// then the others as its code names them.
func inOrderOfUse(ctes []CTE, n *Node, code string) []CTE {
	place := func(c CTE) int {
		if c.UniqueID == n.UniqueID {
			return -1
		}
		name, _, _ := strings.Cut(strings.TrimSpace(c.SQL), " ")
		at := regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).FindStringIndex(code)
		if at == nil {
			return len(code)
		}
		return at[0]
	}
	sorted := slices.Clone(ctes)
	slices.SortStableFunc(sorted, func(a, b CTE) int { return cmp.Compare(place(a), place(b)) })
	return sorted
}

// runScope is what a node's templates see when they are executed.
func (p *Project) runScope(n *Node, a Adapter, o Overrides) *scope {
	in := p.root
	if n != nil && n.pkg != nil {
		in = n.pkg
	}
	if o.IsIncremental != nil {
		macros := map[string]any{"is_incremental": *o.IsIncremental}
		for k, v := range o.Macros {
			macros[k] = v
		}
		o.Macros = macros
	}
	if _, waits := a.(waiting); !waits && a != nil && p.graph.written {
		a = waiting{a, &p.graph.lock}
	}
	return &scope{p: p, pkg: in, level: levelFull, node: n, execute: true, adapter: a, over: o, ctes: &cteSet{}}
}

// compileError places an error of a compilation in the node's file.
func (p *Project) compileError(n *Node, err error) error {
	problem := templateProblem(n.shownFile(), max(n.Line, 1), err)
	if m := undefinedName().FindStringSubmatch(problem.Message); m != nil && problem.Hint == "" {
		if near := nearest(m[1], append(p.macroNames(), "ref", "source", "config", "var", "env_var", "this", "target")); near != "" {
			problem.Hint = fmt.Sprintf("did you mean %s?", near)
		}
	}
	return problem
}

var undefinedName = pattern(`^'(\w+)' is undefined`)

func (p *Project) macroNames() []string {
	var names []string
	for _, m := range p.Macros {
		names = append(names, m.Name)
	}
	return names
}
