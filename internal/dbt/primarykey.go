package dbt

import "apotheca/internal/jinja"

// inferPrimaryKeys says which columns identify a model's rows: the declared
// constraint, else the columns tested unique and not_null, else those tested
// unique.
func (p *Project) inferPrimaryKeys() {
	tests := map[string][]*Node{}
	for _, n := range p.sortedNodes {
		if n.Test != nil && n.Test.AttachedNode != "" {
			tests[n.Test.AttachedNode] = append(tests[n.Test.AttachedNode], n)
		}
	}
	for id, n := range p.Nodes {
		if n.ResourceType != Model {
			continue
		}
		if n.PrimaryKey = declaredKey(n); n.PrimaryKey == nil {
			n.PrimaryKey = testedKey(tests[id])
		}
	}
}

func declaredKey(n *Node) []string {
	isKey := func(c any) (*jinja.Dict, bool) {
		d, _ := c.(*jinja.Dict)
		kind, _ := d.Get("type")
		return d, kind == "primary_key"
	}
	for _, c := range n.Constraints {
		if d, ok := isKey(c); ok {
			columns, _ := d.Get("columns")
			return texts(columns)
		}
	}
	for _, column := range n.Columns {
		for _, c := range column.Constraints {
			if _, ok := isKey(c); ok {
				return []string{column.Name}
			}
		}
	}
	return nil
}

func testedKey(tests []*Node) []string {
	var uniques, keys []string
	notNull := map[string]bool{}
	for _, t := range tests {
		columns := texts(argumentOf(t, "combination_of_columns"))
		if c := argumentOf(t, "column_name"); c != nil {
			columns = texts(c)
		}
		switch t.Test.Name {
		case "unique", "unique_combination_of_columns":
			uniques = append(uniques, columns...)
		case "not_null":
			for _, c := range columns {
				notNull[c] = true
			}
		}
	}
	for _, c := range uniques {
		if notNull[c] {
			keys = append(keys, c)
		}
	}
	if len(keys) > 0 {
		return unique(keys)
	}
	return unique(uniques)
}

func argumentOf(test *Node, name string) any {
	v, _ := test.Test.kwargs.Get(name)
	return v
}
