package lineage

import (
	"maps"
	"slices"
	"strings"
)

// Relation is what is known of something that a query reads.
type Relation struct {
	// Marked are its marked columns, by their names in lower case, and what
	// messages call them.
	Marked map[string]string
	// Columns are those that it is known to have, in lower case.
	Columns []string
	// all is not empty where any of its columns may be a marked one.
	all string
	// inOrder are its columns where their order is known.
	inOrder []column
}

// Output is a column of what a query returns that comes from a marked one.
type Output struct {
	Name string // in lower case; empty where it cannot be known
	From string // what it comes from, as Relation.Marked calls it
}

// Marked are the columns a query returns that come from marked ones. Find knows
// the relations that are no part of the query by the parts of their names, in
// lower case; nil is one that nobody knows.
func Marked(sql string, find func(parts []string) *Relation) []Output {
	all := tokens(sql)
	for len(all) > 0 && all[len(all)-1].is(";") {
		all = all[:len(all)-1]
	}
	w := &walker{tokens: all, closing: closing(all), find: find}
	var marked []Output
	for _, c := range w.query(0, len(all), nil) {
		if o := (Output{c.name, c.from}); c.from != "" && !slices.Contains(marked, o) {
			marked = append(marked, o)
		}
	}
	return marked
}

// walker reads one query.
type walker struct {
	tokens  []token
	closing []int
	find    func([]string) *Relation
	again   bool // a recursive CTE is read a second time: those in it are not
}

// column is one of those that a select returns.
type column struct {
	name string // empty: not known
	from string // empty: it comes from none that is marked
	// star stands for columns of which neither number nor names are known. The
	// marked ones among them stand beside it.
	star bool
}

// scope is what the names in a select mean: relations by their aliases, CTEs,
// and what is around it.
type scope struct {
	relations []bound
	ctes      map[string]*Relation
	aliases   map[string]string // of the select list so far, those that are marked
	around    *scope
}

type bound struct {
	alias string
	*Relation
}

// query reads a query with its CTEs and set operations.
func (w *walker) query(i, end int, around *scope) []column {
	s := &scope{ctes: map[string]*Relation{}, around: around}
	if i < end && w.tokens[i].is("with") {
		i = w.ctes(i+1, end, s)
	}
	var columns []column
	for first := true; i < end; first = false {
		stop := w.seek(i, end, setOperators...)
		branch := w.branch(i, stop, s)
		if first {
			columns = branch
		} else {
			columns = united(columns, branch)
		}
		for i = stop + 1; i < end && (w.tokens[i].is("all") || w.tokens[i].is("distinct")); {
			i++
		}
		if i+1 < end && w.tokens[i].is("by") && w.tokens[i+1].is("name") {
			i += 2
		}
	}
	return columns
}

var setOperators = []string{"union", "except", "intersect", "minus"}

// seek is the place of the first of some words that stands in no brackets. The
// except of a star, and the from of a comparison, are none.
func (w *walker) seek(i, end int, words ...string) int {
	for start := i; i < end; i++ {
		t := w.tokens[i]
		if t.kind == sign && w.closing[i] < end {
			i = w.closing[i]
			continue
		}
		if t.kind != word || !slices.Contains(words, t.text) {
			continue
		}
		after := i > start && (w.tokens[i-1].is("*") && t.text == "except" && i+1 < end && w.tokens[i+1].is("(") ||
			w.tokens[i-1].is("distinct") && t.text == "from" || w.tokens[i-1].is("."))
		if !after {
			return i
		}
	}
	return end
}

// united puts the columns of a second select under the names of the first.
func united(first, second []column) []column {
	open := func(columns []column) int {
		if i := slices.IndexFunc(columns, func(c column) bool { return c.star }); i >= 0 {
			return i
		}
		return len(columns)
	}
	known := min(open(first), open(second))
	out := slices.Clone(first)
	for i, c := range second {
		if i < known {
			if out[i].from == "" {
				out[i].from = c.from
			}
		} else if c.from != "" {
			out = append(out, c)
		}
	}
	return out
}

// ctes reads the CTEs of a query and gives the place behind them.
func (w *walker) ctes(i, end int, s *scope) int {
	recursive := i < end && w.tokens[i].is("recursive")
	if recursive {
		i++
	}
	for i < end && w.tokens[i].isName() {
		called := w.tokens[i].text
		var renamed []string
		if i+1 < end && w.tokens[i+1].is("(") {
			renamed = w.names(i+2, min(w.closing[i+1], end))
			i = w.closing[i+1]
		}
		for i < end && !w.tokens[i].is("(") {
			i++                                     // as, not materialized
			if i < end && w.tokens[i].is("using") { // key (…)
				i = min(w.closing[min(i+2, end-1)], end-1) + 1
			}
		}
		if i >= end {
			return end
		}
		body := min(w.closing[i], end)
		s.ctes[called] = relationOf(renameAll(w.query(i+1, body, s), renamed))
		if recursive && !w.again { // what it reads of itself
			w.again = true
			s.ctes[called] = relationOf(renameAll(w.query(i+1, body, s), renamed))
			w.again = false
		}
		if i = body + 1; i >= end || !w.tokens[i].is(",") {
			return i
		}
		i++
	}
	return i
}

// names are those in a list.
func (w *walker) names(i, end int) []string {
	var names []string
	for ; i < end; i++ {
		if w.tokens[i].isName() && (len(names) == 0 || w.tokens[i-1].is(",")) {
			names = append(names, w.tokens[i].text)
		}
	}
	return names
}

// renameAll gives columns other names, by their places. Behind a star places
// are not known, and any name may be a marked one.
func renameAll(columns []column, names []string) []column {
	if len(names) == 0 {
		return columns
	}
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{name: n}
	}
	open := false
	for i, c := range columns {
		open = open || c.star
		switch {
		case !open && i < len(out):
			out[i].from = c.from
		case c.from != "":
			for j := range out {
				if out[j].from == "" && (open || j >= i) {
					out[j].from = c.from
				}
			}
		}
	}
	return out
}

// relationOf is what a query returns as something to read.
func relationOf(columns []column) *Relation {
	r := &Relation{Marked: map[string]string{}}
	known := true
	for _, c := range columns {
		switch {
		case c.star:
			known = false
		case c.from != "" && c.name == "":
			r.all = c.from
		case c.from != "":
			r.Marked[c.name] = c.from
		}
	}
	if !known {
		return r
	}
	r.inOrder = columns
	for _, c := range columns {
		r.Columns = append(r.Columns, c.name)
	}
	return r
}

// any is one of the marked columns of a relation, or nothing.
func (r *Relation) any() string {
	if r.all != "" || len(r.Marked) == 0 {
		return r.all
	}
	return r.Marked[slices.Min(slices.Collect(maps.Keys(r.Marked)))]
}

// column is what a column of a relation comes from, and whether it has one of
// that name for certain.
func (r *Relation) column(name string) (from string, has bool) {
	if from := r.Marked[name]; from != "" {
		return from, true
	}
	if slices.Contains(r.Columns, name) {
		return "", true
	}
	return r.all, r.all != ""
}

// cte is a CTE that the scope knows.
func (s *scope) cte(name string) *Relation {
	for ; s != nil; s = s.around {
		if r := s.ctes[name]; r != nil {
			return r
		}
	}
	return nil
}

// resolve is what a name in an expression comes from.
func (s *scope) resolve(parts []string) string {
	for at := s; at != nil; at = at.around {
		for _, b := range at.relations {
			if i := slices.Index(parts[:len(parts)-1], b.alias); i >= 0 {
				from, _ := b.column(parts[i+1])
				return from
			}
		}
	}
	for _, part := range parts {
		if from := s.unqualified(part); from != "" {
			return from
		}
	}
	return ""
}

// unqualified is what a name comes from that stands for itself: the column of a
// relation, another entry of the select list, or a relation's whole row.
func (s *scope) unqualified(name string) string {
	for at := s; at != nil; at = at.around {
		known := false
		for _, b := range at.relations {
			from, has := b.column(name)
			if from != "" {
				return from
			}
			known = known || has
		}
		if from := at.aliases[name]; from != "" || known {
			return from
		}
		for _, b := range at.relations {
			if b.alias == name {
				return b.any()
			}
		}
	}
	return ""
}

// any is one of all the marked columns in a scope.
func (s *scope) any() string {
	for _, b := range s.relations {
		if from := b.any(); from != "" {
			return from
		}
	}
	return ""
}

// lookup finds a relation by its name.
func (w *walker) lookup(parts []string, s *scope) *Relation {
	if len(parts) == 1 {
		if r := s.cte(parts[0]); r != nil {
			return r
		}
	}
	if r := w.find(parts); r != nil {
		return r
	}
	return &Relation{}
}

// chain reads a name with its parts and gives the place behind it.
func (w *walker) chain(i, end int) (parts []string, next int) {
	for i < end && w.tokens[i].isName() {
		parts = append(parts, w.tokens[i].text)
		if i+2 >= end || !w.tokens[i+1].is(".") || !w.tokens[i+2].isName() {
			return parts, i + 1
		}
		i += 2
	}
	return parts, i
}

// opaque is what is not understood: it may return all that it reads.
func (w *walker) opaque(i, end int, s *scope) string {
	for ; i < end; i++ {
		if !w.tokens[i].isName() {
			continue
		}
		parts, next := w.chain(i, end)
		if from := w.lookup(parts, s).any(); from != "" {
			return from
		}
		if from := s.resolve(parts); from != "" {
			return from
		}
		i = next - 1
	}
	return ""
}

func isQueryWord(t token) bool {
	return t.kind == word && strings.Contains(" select with values from table ", " "+t.text+" ")
}
