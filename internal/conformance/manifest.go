package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sections of a manifest that hold resources by unique id.
var sections = []string{
	"nodes", "sources", "unit_tests", "exposures", "metrics", "semantic_models",
	"saved_queries", "groups", "docs", "macros",
}

// compareManifests compares every resource field by field, and the graph.
func (c *comparison) compareManifests(dbt, apotheca artifact) {
	for _, section := range sections {
		left, right := object(dbt, section), object(apotheca, section)
		for _, id := range keysOfBoth(left, right) {
			if builtin(section, id) {
				continue
			}
			c.compareResource(id, left, right)
		}
	}
	for _, name := range []string{"parent_map", "child_map", "group_map"} {
		c.compareEdges(name, object(dbt, name), object(apotheca, name))
	}
	left, right := object(dbt, "disabled"), object(apotheca, "disabled")
	for _, id := range keysOfBoth(left, right) {
		_, a := left[id]
		_, b := right[id]
		if a != b {
			c.add(Difference{About: "manifest", Node: id, Field: "disabled", Dbt: fmt.Sprint(a), Ours: fmt.Sprint(b)})
		}
	}
}

// builtin tells the macros and docs that come with dbt and its adapters, which
// we do not copy.
func builtin(section, id string) bool {
	_, rest, _ := strings.Cut(id, ".")
	pkg, _, _ := strings.Cut(rest, ".")
	return (section == "macros" || section == "docs") && (pkg == "dbt" || pkg == "dbt_duckdb" || pkg == "dbt_postgres")
}

// sqlFields are compared after collapsing whitespace.
var sqlFields = []string{"compiled_code", "extra_ctes"}

func (c *comparison) compareResource(id string, left, right map[string]any) {
	a, hasA := left[id].(map[string]any)
	b, hasB := right[id].(map[string]any)
	if hasA != hasB {
		c.add(Difference{About: "manifest", Node: id, Field: "unique_id", Dbt: presence(hasA), Ours: presence(hasB)})
		return
	}
	for _, field := range keysOfBoth(a, b) {
		if field == "created_at" {
			continue
		}
		about := "manifest"
		if slices.Contains(sqlFields, field) {
			about = "compiled"
		}
		if field == "sources" { // a set, where dbt renders nothing
			a, b = inOrder(a), inOrder(b)
		}
		compareEntries(field, field, a, b, func(field, dbt, apotheca string) {
			if about == "compiled" {
				if dbt, apotheca = collapsed(dbt), collapsed(apotheca); dbt == apotheca {
					return
				}
			}
			c.add(Difference{About: about, Node: id, Field: field, Dbt: dbt, Ours: apotheca})
		})
	}
}

// inOrder is a node with its sources sorted.
func inOrder(node map[string]any) map[string]any {
	sources, _ := node["sources"].([]any)
	if len(sources) < 2 {
		return node
	}
	node = maps.Clone(node)
	node["sources"] = slices.SortedFunc(slices.Values(sources), func(a, b any) int { return strings.Compare(printed(a), printed(b)) })
	return node
}

func presence(has bool) string {
	if has {
		return "present"
	}
	return nothing
}

// compareEdges compares what is before or after each node, in any order.
func (c *comparison) compareEdges(name string, left, right map[string]any) {
	for _, id := range keysOfBoth(left, right) {
		a, hasA := left[id].([]any)
		b, hasB := right[id].([]any)
		if x, y := sorted(a), sorted(b); hasA != hasB || x != y {
			c.add(Difference{About: "manifest", Node: id, Field: name, Dbt: x, Ours: y})
		}
	}
}

func sorted(list []any) string {
	texts := make([]string, len(list))
	for i, value := range list {
		texts[i] = printed(value)
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}
