package dbt

import (
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"

	"apotheca/internal/jinja"
)

// Selection is what the command line asked for, in dbt's selection grammar.
// Elements, and words inside one, are united; a comma intersects.
type Selection struct {
	Select  []string
	Exclude []string
	// ResourceTypes keeps only these; empty keeps all that a command runs:
	// models, seeds, snapshots, tests and unit tests.
	ResourceTypes []ResourceType
	// Indirect decides which tests come with selected nodes: eager (default),
	// cautious, buildable or empty.
	Indirect string
	// Selector names a selector of selectors.yml, which stands in for Select
	// and Exclude.
	Selector string
	// State is what state:, result: and source_status: compare with; may be nil.
	State *State
	// Missed is told of every term of Select that matches nothing; may be nil.
	Missed func(term string)
	// Warn is told of what State cannot tell; may be nil.
	Warn func(Problem)
}

// Select returns the ids of the selected resources, sorted. Selecting nothing
// is not an error.
func (p *Project) Select(s Selection) ([]string, error) {
	if !in(s.Indirect, "", "eager", "cautious", "buildable", "empty") {
		return nil, hintedf("eager, cautious, buildable or empty", "there is no indirect selection %q", s.Indirect)
	}
	for _, kind := range s.ResourceTypes {
		if !in(string(kind), selectable()...) {
			return nil, hintedf("one of "+strings.Join(selectable(), ", "), "there is no resource type %q", kind)
		}
	}
	q := &selector{p: p, all: p.resources(), indirect: s.Indirect, state: s.State, warn: s.Warn}
	for id := range q.all {
		q.ids = append(q.ids, id)
	}
	sort.Strings(q.ids)
	chosen, err := q.included(s)
	if err != nil {
		return nil, err
	}
	excluded, err := q.union(s.Exclude)
	if err != nil {
		return nil, err
	}
	kinds := s.ResourceTypes
	if len(kinds) == 0 {
		kinds = []ResourceType{Model, Seed, Snapshot, DataTest, UnitTestResource}
	}
	var out []string
	for _, id := range q.ids {
		if chosen[id] && !excluded[id] && hasKind(kinds, q.all[id].kind) {
			out = append(out, id)
		}
	}
	return out, nil
}

// included is what is selected before anything is excluded.
func (q *selector) included(s Selection) (idSet, error) {
	named := q.p.defaultSelector()
	if s.Selector != "" {
		var err error
		if named, err = q.p.named(s.Selector); err != nil {
			return nil, err
		}
	}
	chosen := idSet{}
	var err error
	switch {
	case named != nil && (s.Selector != "" || len(s.Select) == 0 && len(s.Exclude) == 0):
		chosen, err = q.evaluate(named.spec)
	case len(s.Select) == 0:
		for _, id := range q.ids {
			chosen[id] = true
		}
		return chosen, nil
	default:
		q.missed = s.Missed
		chosen, err = q.union(s.Select)
		q.missed = nil
	}
	if err == nil && (s.Indirect == "cautious" || s.Indirect == "buildable") {
		chosen = q.withTests(chosen, chosen, s.Indirect) // a test whose parents come from several terms
	}
	return chosen, err
}

func hasKind(kinds []ResourceType, kind ResourceType) bool {
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

// idSet is a set of ids.
type idSet map[string]bool

// selector evaluates one Selection.
type selector struct {
	p        *Project
	all      map[string]*resource
	ids      []string
	indirect string
	state    *State
	missed   func(term string)
	warn     func(Problem)
}

func (q *selector) union(elements []string) (idSet, error) {
	out := idSet{}
	for _, element := range elements {
		for _, word := range strings.Fields(element) {
			chosen, err := q.intersection(word)
			if err != nil {
				return nil, err
			}
			for id := range chosen {
				out[id] = true
			}
		}
	}
	return out, nil
}

func (q *selector) intersection(word string) (idSet, error) {
	var out idSet
	for _, term := range strings.Split(word, ",") {
		c, err := parseCriterion(term)
		if err != nil {
			return nil, inSelection(term, err)
		}
		chosen, err := q.criterion(c)
		if err != nil {
			return nil, inSelection(term, err)
		}
		if len(chosen) == 0 && q.missed != nil {
			q.missed(term)
		}
		if out == nil {
			out = chosen
			continue
		}
		for id := range out {
			if !chosen[id] {
				delete(out, id)
			}
		}
	}
	return out, nil
}

// inSelection names the term that a problem is about.
func inSelection(term string, err error) Problem {
	var p Problem
	if !errors.As(err, &p) {
		p.Message = err.Error()
	}
	p.Message = "selection " + strconv.Quote(term) + ": " + p.Message
	return p
}

// criterion finds what a term names, follows the graph and adds the tests.
func (q *selector) criterion(c criterion) (idSet, error) {
	match, err := q.matcher(c)
	if err != nil {
		return nil, err
	}
	found := idSet{}
	for _, id := range q.ids {
		if match(q.all[id]) {
			found[id] = true
		}
	}
	out := idSet{}
	for id := range found {
		out[id] = true
	}
	if c.childrensParents {
		down := q.follow(found, q.p.Children, unbounded)
		for id := range q.follow(union(found, down), q.p.Parents, unbounded) {
			out[id] = true
		}
		out = union(out, down)
	}
	if c.parents > 0 {
		out = union(out, q.follow(found, q.p.Parents, c.parents))
	}
	if c.children > 0 {
		out = union(out, q.follow(found, q.p.Children, c.children))
	}
	mode := q.indirect
	if c.indirect != "" {
		mode = c.indirect
	}
	return q.withTests(out, found, mode), nil
}

func union(a, b idSet) idSet {
	out := idSet{}
	for id := range a {
		out[id] = true
	}
	for id := range b {
		out[id] = true
	}
	return out
}

// follow walks the graph as far as allowed.
func (q *selector) follow(from idSet, next map[string][]string, steps int) idSet {
	out := idSet{}
	frontier := from
	for i := 0; i < steps && len(frontier) > 0; i++ {
		further := idSet{}
		for id := range frontier {
			for _, n := range next[id] {
				if !out[n] {
					out[n] = true
					further[n] = true
				}
			}
		}
		frontier = further
	}
	return out
}

// withTests adds the tests of what was selected, and takes away those that the
// kind of indirect selection does not allow, unless they were named themselves.
func (q *selector) withTests(chosen, named idSet, mode string) idSet {
	out := idSet{}
	for id := range chosen {
		if !q.isTest(id) || named[id] {
			out[id] = true
		}
	}
	if mode == "empty" {
		return out
	}
	reach := out
	if mode == "buildable" {
		reach = union(out, q.follow(out, q.p.Parents, unbounded))
	}
	candidates := idSet{}
	for id := range out {
		for _, c := range q.p.Children[id] {
			if q.isTest(c) {
				candidates[c] = true
			}
		}
	}
	for id := range candidates {
		if q.all[id].kind == UnitTestResource || mode == "" || mode == "eager" || q.allParentsIn(id, reach) {
			out[id] = true
		}
	}
	return out
}

func (q *selector) allParentsIn(id string, chosen idSet) bool {
	for _, parent := range q.p.Parents[id] {
		if !chosen[parent] {
			return false
		}
	}
	return true
}

func (q *selector) isTest(id string) bool {
	r := q.all[id]
	return r != nil && (r.kind == DataTest || r.kind == UnitTestResource)
}

// configMatches compares a config, found by a dotted key, with a text: a list
// by any element, a boolean by true or false.
func configMatches(c *Config, key, want string) bool {
	parts := strings.Split(key, ".")
	v, ok := c.Get(configKey(parts[0]))
	for _, part := range parts[1:] {
		d, isDict := v.(*jinja.Dict)
		if !ok || !isDict {
			return false
		}
		v, ok = d.Get(part)
	}
	one := func(v any) bool {
		switch x := v.(type) {
		case bool:
			return strings.EqualFold(want, strconv.FormatBool(x))
		case string:
			return x == want || key == "severity" && strings.EqualFold(x, want)
		case nil:
			return false
		}
		return jinja.Str(v) == want
	}
	if l, isList := v.(*jinja.List); isList {
		return slices.ContainsFunc(l.V, one)
	}
	return ok && one(v)
}

// BuildOrder returns, for each of the ids, the ids among them it must wait for,
// also through nodes that were not selected. With gates, as dbt build has it, a
// node waits too, itself or through a node it waits for, for the tests whose
// parents all lie upstream of it, and a model for its unit tests, of which none
// is begun after one that failed.
func (p *Project) BuildOrder(ids []string, gates bool) map[string][]string {
	chosen := idSet{}
	for _, id := range ids {
		chosen[id] = true
	}
	needs := make(map[string][]string, len(ids))
	for _, id := range ids {
		if u := p.UnitTests[id]; u != nil {
			needs[id] = p.chosenAbove(u.DependsOn.Nodes[0], chosen)
			continue
		}
		needs[id] = p.chosenAbove(id, chosen)
	}
	if gates {
		p.addGates(ids, needs)
	}
	for id := range needs {
		sort.Strings(needs[id])
		needs[id] = unique(needs[id])
	}
	return needs
}

// chosenAbove are the nearest chosen ancestors on every path.
func (p *Project) chosenAbove(id string, chosen idSet) []string {
	var out []string
	seen := idSet{}
	var walk func(id string)
	walk = func(id string) {
		for _, parent := range p.Parents[id] {
			if seen[parent] {
				continue
			}
			seen[parent] = true
			if chosen[parent] {
				out = append(out, parent)
			} else {
				walk(parent)
			}
		}
	}
	walk(id)
	return out
}

// addGates makes nodes wait for the tests above them: the nearest ones below
// all of a test's parents, since whatever lies further down waits for those. A
// model waits for its unit tests, which wait for what it waits for, one after
// another.
func (p *Project) addGates(ids []string, needs map[string][]string) {
	below := map[string]idSet{}
	for _, test := range ids {
		n := p.Nodes[test]
		if n == nil || n.ResourceType != DataTest || len(n.DependsOn.Nodes) == 0 {
			continue
		}
		for _, id := range p.gatedBy(n.DependsOn.Nodes, needs, below) {
			needs[id] = append(needs[id], test)
		}
	}
	for _, test := range ids {
		u := p.UnitTests[test]
		if u == nil {
			continue
		}
		if model := u.DependsOn.Nodes[0]; needs[model] != nil {
			needs[test] = append(needs[test], needs[model]...)
			needs[model] = append(needs[model], test)
		}
	}
}

// gatedBy walks down from a test's first parent to the nearest chosen nodes
// that lie below its other parents too.
func (p *Project) gatedBy(parents []string, chosen map[string][]string, below map[string]idSet) []string {
	for _, other := range parents[1:] {
		if below[other] == nil {
			below[other] = p.descendants(other)
		}
	}
	var out []string
	seen := idSet{}
	var walk func(id string)
	walk = func(id string) {
		for _, next := range p.Children[id] {
			n := p.Nodes[next]
			if seen[next] || n == nil || n.ResourceType == DataTest || n.ResourceType == Operation {
				continue
			}
			seen[next] = true
			gated := true
			for _, other := range parents[1:] {
				gated = gated && below[other][next]
			}
			if _, ok := chosen[next]; ok && gated {
				out = append(out, next)
				continue
			}
			walk(next)
		}
	}
	walk(parents[0])
	return out
}

func (p *Project) descendants(id string) idSet {
	out := idSet{}
	var walk func(id string)
	walk = func(id string) {
		for _, next := range p.Children[id] {
			if !out[next] {
				out[next] = true
				walk(next)
			}
		}
	}
	walk(id)
	return out
}
