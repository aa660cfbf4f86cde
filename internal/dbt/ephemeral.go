package dbt

import (
	"fmt"
	"strings"
)

// cteSet are the ephemeral parents of one compilation, in the order of their
// first use, each once.
type cteSet struct {
	list []CTE
	open []string // ids being compiled, to catch a cycle
}

func (c *cteSet) has(id string) bool {
	for _, known := range c.list {
		if known.UniqueID == id {
			return true
		}
	}
	return false
}

// ctePrefix begins the name of every injected CTE.
const ctePrefix = "__dbt__cte__"

// ephemeral compiles an ephemeral parent into a CTE and returns its name as a
// relation. Its own ephemeral parents come before it.
func (s *scope) ephemeral(n *Node) (any, error) {
	name := s.input(Relation{Identifier: ctePrefix + n.Alias, Type: CTERelation}, n.Config)
	if s.ctes.has(n.UniqueID) {
		return name, nil
	}
	for _, id := range s.ctes.open {
		if id == n.UniqueID {
			return nil, fmt.Errorf("found a cycle of ephemeral models at %s", n.UniqueID)
		}
	}
	if n.Language != "sql" {
		return nil, Problem{File: n.shownFile(), Message: n.UniqueID + " has no SQL to compile"}
	}
	inner := s.p.runScope(n, s.adapter, Overrides{Refs: s.over.Refs, Vars: s.over.Vars, EnvVars: s.over.EnvVars})
	inner.ctes = &cteSet{list: s.ctes.list, open: append(s.ctes.open[:len(s.ctes.open):len(s.ctes.open)], n.UniqueID)}
	code, err := inner.renderNode(s.ctx, n)
	if err != nil {
		return nil, s.p.compileError(n, err)
	}
	s.ctes.list = append(inner.ctes.list, CTE{UniqueID: n.UniqueID, SQL: fmt.Sprintf(" %s%s as (\n%s\n)", ctePrefix, n.Alias, code)})
	return name, nil
}

var (
	leadingWith = pattern(`(?is)^((?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*)(with\s+recursive\b\s*|with\b\s*)`)
	blank       = pattern(`^\s*`)
)

// injectCTEs puts CTEs into a query: behind its own `with`, or before its first
// word.
func injectCTEs(sql string, ctes []CTE) string {
	if len(ctes) == 0 {
		return sql
	}
	texts := make([]string, len(ctes))
	for i, c := range ctes {
		texts[i] = c.SQL
	}
	all := strings.Join(texts, ", ")
	if m := leadingWith().FindStringSubmatchIndex(sql); m != nil {
		return sql[:m[5]] + all + ", " + sql[m[5]:]
	}
	start := len(blank().FindString(sql))
	return sql[:start] + "with" + all + " " + sql[start:]
}
