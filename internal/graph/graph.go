package graph

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Step is a named piece of work and the steps that must have succeeded before
// it may start.
type Step struct {
	ID    string
	Needs []string
	Run   func(ctx context.Context) error
}

// Graph is a set of steps that was checked: ids are unique, every need exists
// and there is no cycle. It is not changed by running it.
type Graph struct {
	steps    []Step // in order
	index    map[string]int
	children [][]int
}

// A CycleError spells a cycle, first step repeated at the end.
type CycleError struct{ Path []string }

func (e *CycleError) Error() string {
	return "found a cycle: " + strings.Join(e.Path, " → ")
}

// New checks the steps and puts them in order: by depth, which is the length
// of the longest chain of needs below a step, then by id.
func New(steps []Step) (*Graph, error) {
	byID := make(map[string]Step, len(steps))
	for _, s := range steps {
		if _, twice := byID[s.ID]; twice {
			return nil, fmt.Errorf("order steps: two steps named %q", s.ID)
		}
		byID[s.ID] = s
	}
	for _, s := range steps {
		for _, need := range s.Needs {
			if _, ok := byID[need]; !ok {
				return nil, fmt.Errorf("order steps: %q needs %q, which does not exist", s.ID, need)
			}
		}
	}
	depth, err := depths(byID)
	if err != nil {
		return nil, err
	}
	g := &Graph{steps: slices.Clone(steps), index: make(map[string]int, len(steps))}
	slices.SortFunc(g.steps, func(a, b Step) int {
		return cmp.Or(cmp.Compare(depth[a.ID], depth[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	for i, s := range g.steps {
		g.index[s.ID] = i
	}
	g.children = make([][]int, len(steps))
	for i, s := range g.steps {
		for _, need := range unique(s.Needs) {
			parent := g.index[need]
			g.children[parent] = append(g.children[parent], i)
		}
	}
	return g, nil
}

// Order lists the ids in the order in which one worker would run them.
func (g *Graph) Order() []string {
	ids := make([]string, len(g.steps))
	for i, s := range g.steps {
		ids[i] = s.ID
	}
	return ids
}

// depths walks from every step down to its needs. Steps are visited in the
// order of their ids, so that of several cycles the same one is always named.
func depths(byID map[string]Step) (map[string]int, error) {
	depth := make(map[string]int, len(byID))
	onPath := make(map[string]bool)
	var path []string
	var visit func(id string) (int, error)
	visit = func(id string) (int, error) {
		if d, done := depth[id]; done {
			return d, nil
		}
		path = append(path, id)
		if onPath[id] {
			start := slices.Index(path, id)
			return 0, &CycleError{Path: slices.Clone(path[start:])}
		}
		onPath[id] = true
		deepest := -1
		for _, need := range unique(byID[id].Needs) {
			d, err := visit(need)
			if err != nil {
				return 0, err
			}
			deepest = max(deepest, d)
		}
		delete(onPath, id)
		path = path[:len(path)-1]
		depth[id] = deepest + 1
		return deepest + 1, nil
	}
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, err := visit(id); err != nil {
			return nil, err
		}
	}
	return depth, nil
}

func unique(ids []string) []string {
	sorted := slices.Sorted(slices.Values(ids))
	return slices.Compact(sorted)
}
