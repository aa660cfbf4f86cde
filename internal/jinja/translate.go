package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// makeTranslation is str.maketrans: a dict, or characters and those they
// become and those that go.
func makeTranslation(_ *State, _ any, a *arguments) (any, error) {
	table := &Dict{}
	first := a.required(0, "x")
	if d, ok := first.(*Dict); ok {
		for _, e := range d.entries {
			key := e.key
			if s, ok := key.(string); ok {
				r, n := utf8.DecodeRuneInString(s)
				if n == 0 || n != len(s) {
					return nil, fmt.Errorf("string keys in translate table must be of length 1")
				}
				key = int64(r)
			}
			table.Set(key, e.val)
		}
		return table, nil
	}
	from, to := []rune(a.text(0, "x")), []rune(a.textOr(1, "y", ""))
	if len(from) != len(to) {
		return nil, fmt.Errorf("the first two maketrans arguments must have equal length")
	}
	for i, r := range from {
		table.Set(int64(r), int64(to[i]))
	}
	for _, r := range a.textOr(2, "z", "") {
		table.Set(int64(r), nil)
	}
	return table, nil
}

// translate is str.translate.
func translate(s *State, v any, a *arguments) (any, error) {
	table, ok := a.required(0, "table").(*Dict)
	if !ok {
		return nil, fmt.Errorf("translate() takes a dict")
	}
	var b strings.Builder
	for _, r := range v.(string) {
		to, ok := table.Get(int64(r))
		switch x := to.(type) {
		case nil:
			if !ok {
				b.WriteRune(r)
			}
		case int64:
			b.WriteRune(rune(x))
		case string:
			if err := s.fits(b.Len() + len(x)); err != nil {
				return nil, err
			}
			b.WriteString(x)
		default:
			return nil, fmt.Errorf("character mapping must return integer, None or str")
		}
	}
	return b.String(), nil
}

// expandTabs is str.expandtabs.
func expandTabs(s *State, v any, a *arguments) (any, error) {
	size := max(0, min(a.intOr(0, "tabsize", 8), sizeMax))
	text := v.(string)
	if err := s.fitsTimes(strings.Count(text, "\t"), int64(size)); err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, r := range text {
		switch r {
		case '\t':
			n := 0
			if size > 0 {
				n = size - column%size
			}
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case '\n', '\r':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String(), nil
}
