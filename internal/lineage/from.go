package lineage

import (
	"maps"
	"slices"
)

// Words that end a from clause, and those that no relation is called by. All are
// reserved, so that no column is called by them either.
var (
	clauses = []string{"where", "group", "having", "window", "qualify", "order", "limit", "offset", "fetch", "select"}
	noAlias = append([]string{
		"join", "inner", "left", "right", "full", "cross", "natural", "asof", "positional", "semi", "anti",
		"on", "using", "tablesample", "pivot", "unpivot", "match_recognize", "lateral", "for",
	}, clauses...)
)

// from binds the relations of a from clause.
func (w *walker) from(i, end int, s *scope) {
	for i < end {
		i = w.relation(i, end, s)
		for i < end && !w.tokens[i].is(",") && !w.tokens[i].is("join") {
			if t := w.tokens[i]; (t.is("pivot") || t.is("unpivot") || t.is("match_recognize")) && len(s.relations) > 0 {
				last := &s.relations[len(s.relations)-1]
				last.Relation = &Relation{all: last.any()}
			}
			if w.tokens[i].kind == sign && w.closing[i] < end {
				i = w.closing[i]
			}
			i++
		}
		i++
	}
}

// relation binds the one that begins here and gives the place behind it.
func (w *walker) relation(i, end int, s *scope) int {
	for i < end && (w.tokens[i].is("lateral") || w.tokens[i].is("only")) {
		i++
	}
	if i >= end {
		return end
	}
	alias := ""
	if i+1 < end && w.tokens[i].isName() && w.tokens[i+1].is(":") {
		alias = w.tokens[i].text
		i += 2
	}
	var r *Relation
	switch {
	case i < end && w.tokens[i].is("("):
		close := min(w.closing[i], end)
		if w.isJoin(i+1, close) {
			w.from(i+1, close, s)
			r = nil
		} else {
			r = relationOf(w.query(i+1, close, s))
		}
		i = close + 1
	case i < end && w.tokens[i].isName():
		var parts []string
		parts, i = w.chain(i, end)
		if i < end && w.tokens[i].is("(") { // a function, which may be handed columns
			close := min(w.closing[i], end)
			r = &Relation{all: w.opaque(i+1, close, s)}
			i = close + 1
		} else {
			r = w.lookup(parts, s)
		}
		if alias == "" {
			alias = parts[len(parts)-1]
		}
	default:
		return i + 1 // a file, a parameter
	}
	return w.alias(i, end, alias, r, s)
}

// isJoin tells relations in brackets from a query in brackets.
func (w *walker) isJoin(i, end int) bool {
	if i >= end || isQueryWord(w.tokens[i]) {
		return false
	}
	if w.tokens[i].is("(") {
		after := min(w.closing[i], end) + 1
		return after < end && !slices.Contains(append([]string{"order", "limit", "offset"}, setOperators...), w.tokens[after].text)
	}
	return !slices.Contains([]string{"pivot", "unpivot", "describe", "summarize", "show"}, w.tokens[i].text)
}

// alias reads what a relation is called, and its columns, and binds it.
func (w *walker) alias(i, end int, alias string, r *Relation, s *scope) int {
	if i < end && w.tokens[i].is("as") {
		i++
	}
	if i < end && w.tokens[i].isName() && (w.tokens[i].kind == name || !slices.Contains(noAlias, w.tokens[i].text)) {
		alias = w.tokens[i].text
		i++
		if i < end && w.tokens[i].is("(") {
			close := min(w.closing[i], end)
			if r != nil {
				r = renamed(r, w.names(i+1, close))
			}
			i = close + 1
		}
	}
	if r != nil {
		s.relations = append(s.relations, bound{alias, r})
	}
	return i
}

// renamed is a relation whose columns have other names. Where their order is not
// known, any of them may be a marked one.
func renamed(r *Relation, names []string) *Relation {
	if r.inOrder != nil && len(names) >= len(r.inOrder) {
		return relationOf(renameAll(r.inOrder, names))
	}
	out := &Relation{Marked: map[string]string{}, all: r.all}
	maps.Copy(out.Marked, r.Marked)
	for _, name := range names {
		out.Marked[name] = r.any()
	}
	return out
}
