package lineage

import "slices"

// branch reads one select, or what stands in its place.
func (w *walker) branch(i, end int, around *scope) []column {
	if i >= end {
		return nil
	}
	s := &scope{aliases: map[string]string{}, around: around}
	switch t := w.tokens[i]; {
	case t.is("("):
		return w.query(i+1, min(w.closing[i], end), around)
	case t.is("select"):
		return w.selected(i+1, end, s)
	case t.is("from"):
		first := w.seek(i+1, end, clauses...)
		w.from(i+1, first, s)
		if at := w.seek(i+1, end, "select"); at < end {
			return w.items(w.distinct(at+1, end), w.seek(at+1, end, clauses...), s)
		}
		return w.star(nil, s, nil)
	case t.is("table"):
		w.from(i+1, end, s)
		return w.star(nil, s, nil)
	case t.is("values"):
		return []column{{from: w.expression(i+1, end, s)}, {star: true}}
	}
	return []column{{from: w.opaque(i, end, s)}, {star: true}}
}

// selected reads the rest of a select: relations first, since the list names
// their columns.
func (w *walker) selected(i, end int, s *scope) []column {
	i = w.distinct(i, end)
	list := w.seek(i, end, append([]string{"from", "into"}, clauses...)...)
	if from := w.seek(i, end, "from"); from < end {
		w.from(from+1, w.seek(from+1, end, clauses...), s)
	}
	return w.items(i, list, s)
}

// distinct passes over distinct, distinct on (…) and all.
func (w *walker) distinct(i, end int) int {
	if i < end && (w.tokens[i].is("distinct") || w.tokens[i].is("all")) {
		i++
		if i+1 < end && w.tokens[i].is("on") && w.tokens[i+1].is("(") {
			return min(w.closing[i+1], end) + 1
		}
	}
	return i
}

// items reads a select list.
func (w *walker) items(i, end int, s *scope) []column {
	var columns []column
	for i < end {
		stop := w.comma(i, end)
		for _, c := range w.item(i, stop, s) {
			columns = append(columns, c)
			if c.from != "" && c.name != "" {
				s.aliases[c.name] = c.from
			}
		}
		i = stop + 1
	}
	return columns
}

// comma is the place of the next one that stands in no brackets.
func (w *walker) comma(i, end int) int {
	for ; i < end && !w.tokens[i].is(","); i++ {
		if w.tokens[i].kind == sign && w.closing[i] < end {
			i = w.closing[i]
		}
	}
	return min(i, end)
}

// item reads one entry of a select list.
func (w *walker) item(i, end int, s *scope) []column {
	parts, after := w.chain(i, end)
	switch {
	case i < end && w.tokens[i].is("*"):
		return w.starItem(nil, i+1, end, s)
	case len(parts) > 0 && after+1 < end && w.tokens[after].is(".") && w.tokens[after+1].is("*"):
		return w.starItem(parts, after+2, end, s)
	case len(parts) == 1 && after < end && w.tokens[after].is(":"):
		return []column{{name: parts[0], from: w.expression(after+1, end, s)}}
	}
	for j := i; j+1 < end; j++ {
		if w.tokens[j].is("columns") && w.tokens[j+1].is("(") {
			return append(w.star(nil, s, nil), column{from: s.any()})
		}
	}
	called, stop := w.called(i, end)
	return []column{{name: called, from: w.expression(i, stop, s)}}
}

// called is the name of an entry, and where its expression ends.
func (w *walker) called(i, end int) (string, int) {
	last := end - 1
	if last < i || !w.tokens[last].isName() {
		return "", end
	}
	called := w.tokens[last].text
	switch {
	case last == i:
		return called, end
	case w.tokens[last-1].is("as"):
		return called, last - 1
	case w.tokens[last-1].is("."), w.tokens[last-1].is("::"):
		if w.tokens[last-1].is("::") {
			called = ""
		}
		return called, end
	case w.tokens[last].is("end"), w.tokens[last].is("null"), w.tokens[last].is("true"), w.tokens[last].is("false"):
		return "", end
	case w.tokens[last-1].kind == sign && w.tokens[last-1].text != ")" && w.tokens[last-1].text != "]":
		return "", end // an operand
	}
	return called, last
}

// starItem reads what a star leaves out, and what it puts in its place.
func (w *walker) starItem(of []string, i, end int, s *scope) []column {
	var out []string
	var put []column
	for ; i < end; i++ {
		t := w.tokens[i]
		if i+1 >= end || !(t.is("exclude") || t.is("except") || t.is("replace") || t.is("rename")) {
			continue
		}
		from, to := i+1, i+2
		if w.tokens[i+1].is("(") {
			from, to = i+2, min(w.closing[i+1], end)
		}
		switch {
		case t.is("exclude"), t.is("except"):
			out = append(out, w.names(from, to)...)
		default:
			if to == i+2 {
				to = end
			}
			if t.is("rename") {
				out = append(out, w.names(from, to)...)
			}
			for _, c := range w.items(from, to, s) {
				put = append(put, c)
				out = append(out, c.name)
			}
		}
		i = to
	}
	return append(w.star(of, s, out), put...)
}

// star is all columns of the relations in scope, or of one, but for some.
func (w *walker) star(of []string, s *scope, but []string) []column {
	columns := []column{{star: true}}
	for _, b := range s.relations {
		if len(of) > 0 && !slices.Contains(of, b.alias) {
			continue
		}
		for name, from := range b.Marked {
			if !slices.Contains(but, name) {
				columns = append(columns, column{name: name, from: from})
			}
		}
		if b.all != "" {
			columns = append(columns, column{from: b.all})
		}
	}
	slices.SortFunc(columns[1:], func(a, b column) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return columns
}

// Functions that tell nothing of the columns that they are handed, and words
// before brackets in which rows are chosen, not made.
var silent = []string{"count", "approx_count_distinct", "over", "filter", "exists"}

// expression is one of the marked columns that an expression names, or nothing.
func (w *walker) expression(i, end int, s *scope) string {
	for ; i < end; i++ {
		t := w.tokens[i]
		bracket := i+1 < end && w.tokens[i+1].is("(")
		switch {
		case t.kind == word && bracket && slices.Contains(silent, t.text):
			i = min(w.closing[i+1], end)
		case t.is("(") && i+1 < end && w.isSubquery(i+1):
			for _, c := range w.query(i+1, min(w.closing[i], end), s) {
				if c.from != "" {
					return c.from
				}
			}
			i = min(w.closing[i], end)
		case t.is("#"):
			if from := s.any(); from != "" {
				return from
			}
		case t.isName():
			from, next := w.named(i, end, s)
			if from != "" {
				return from
			}
			i = next - 1
		}
	}
	return ""
}

// isSubquery looks through opening brackets for a query.
func (w *walker) isSubquery(i int) bool {
	for i < len(w.tokens) && w.tokens[i].is("(") {
		i++
	}
	return i < len(w.tokens) && isQueryWord(w.tokens[i]) && !(w.tokens[i].is("from") || w.tokens[i].is("table") && i+1 < len(w.tokens) && !w.tokens[i+1].isName())
}

// named reads a name in an expression.
func (w *walker) named(i, end int, s *scope) (from string, next int) {
	parts, next := w.chain(i, end)
	switch {
	case next < end && w.tokens[next].is("("): // the last part is a function's
		if t := w.tokens[i]; len(parts) == 1 && t.is("columns") {
			return s.any(), next
		}
		parts = parts[:len(parts)-1]
	case next+1 < end && w.tokens[next].is(".") && w.tokens[next+1].is("*"):
		for at := s; at != nil; at = at.around {
			for _, b := range at.relations {
				if slices.Contains(parts, b.alias) {
					return b.any(), next + 2
				}
			}
		}
	}
	if len(parts) == 0 {
		return "", next
	}
	return s.resolve(parts), next
}
