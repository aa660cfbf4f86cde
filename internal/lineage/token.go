package lineage

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, a sign or a literal of a query.
type token struct {
	kind tokenKind
	text string // of a word in lower case, of a quoted name without its quotes
}

type tokenKind byte

const (
	word    tokenKind = iota // a keyword or a name
	name                     // a quoted name, never a keyword
	literal                  // a string or a number
	sign
)

// isName reports what can name a column or a relation.
func (t token) isName() bool { return t.kind == word || t.kind == name }

func (t token) is(text string) bool {
	return t.text == text && (t.kind == word || t.kind == sign)
}

// tokens takes a query apart. Comments are left out.
func tokens(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		t, size := next(sql[i:])
		if size == 0 {
			break
		}
		if t != nil {
			out = append(out, *t)
		}
		i += size
	}
	return out
}

// next is the first token of a text, nil for what is none, and its size.
func next(s string) (*token, int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case unicode.IsSpace(r):
		return nil, size
	case strings.HasPrefix(s, "--"):
		return nil, until(s, "\n", 2)
	case strings.HasPrefix(s, "/*"):
		return nil, until(s, "*/", 2)
	case r == '\'':
		return &token{literal, ""}, quotedEnd(s, '\'', false)
	case (r == 'e' || r == 'E') && strings.HasPrefix(s[1:], "'"):
		return &token{literal, ""}, 1 + quotedEnd(s[1:], '\'', true)
	case r == '"' || r == '`':
		end := quotedEnd(s, byte(r), false)
		inner := strings.TrimSuffix(s[1:end], string(r))
		return &token{name, strings.ToLower(strings.ReplaceAll(inner, string(r)+string(r), string(r)))}, end
	case r == '$':
		return dollar(s)
	case unicode.IsDigit(r):
		return &token{literal, ""}, span(s, func(r rune) bool { return isPart(r) || r == '.' })
	case isPart(r):
		end := span(s, isPart)
		return &token{word, strings.ToLower(s[:end])}, end
	case strings.HasPrefix(s, "::"):
		return &token{sign, "::"}, 2
	}
	return &token{sign, s[:size]}, size
}

func isPart(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '$' }

func span(s string, part func(rune) bool) int {
	for i, r := range s {
		if !part(r) {
			return i
		}
	}
	return len(s)
}

// until is the size up to an end, and all where there is none.
func until(s, end string, from int) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

// quotedEnd is the size of a text between quotes, with them.
func quotedEnd(s string, quote byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollar is a string between two equal $tags$, or a parameter.
func dollar(s string) (*token, int) {
	tag := 1 + span(s[1:], func(r rune) bool { return isPart(r) && r != '$' })
	if !strings.HasPrefix(s[tag:], "$") {
		return &token{literal, ""}, tag
	}
	return &token{literal, ""}, until(s, s[:tag+1], tag+1)
}

// closing is, for each bracket that opens, the place of the one that closes it.
func closing(all []token) []int {
	places := make([]int, len(all))
	var open []int
	for i, t := range all {
		places[i] = len(all)
		if t.kind != sign {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			if len(open) > 0 {
				places[open[len(open)-1]] = i
				open = open[:len(open)-1]
			}
		}
	}
	return places
}
