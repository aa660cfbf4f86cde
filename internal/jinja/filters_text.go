package jinja

import (
	"fmt"
	"strings"
	"unicode"
)

// textFilter gives the filters that make a text of whatever they are applied to.
func textFilter(name string) operation {
	switch name {
	case "capitalize":
		return onText(capitalize)
	case "center":
		return centered
	case "escape", "e", "forceescape":
		return onText(escapeHTML)
	case "format":
		return formatFilter
	case "indent":
		return indent
	case "lower":
		return onText(strings.ToLower)
	case "replace":
		return replaceFilter
	case "string":
		return onText(func(s string) string { return s })
	case "striptags":
		return onText(stripTags)
	case "title":
		return onText(titleWords)
	case "trim":
		return trim
	case "truncate":
		return truncate
	case "upper":
		return onText(upper)
	case "wordcount":
		return func(s *State, v any, _ *arguments) (any, error) {
			t, err := s.text(v)
			return int64(len(strings.FieldsFunc(t, notWord))), err
		}
	}
	return nil
}

func notWord(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) }

func onText(f func(string) string) operation {
	return func(s *State, v any, _ *arguments) (any, error) {
		t, err := s.text(v)
		return f(t), err
	}
}

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func stripTags(s string) string {
	var b strings.Builder
	for {
		text, rest, ok := strings.Cut(s, "<")
		b.WriteString(text)
		if !ok {
			break
		}
		_, after, closed := strings.Cut(rest, ">")
		if !closed {
			b.WriteString("<" + rest)
			break
		}
		s = after
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func capitalize(s string) string {
	for i, r := range s {
		if i == 0 {
			return string(unicode.ToTitle(r)) + strings.ToLower(s[len(string(r)):])
		}
	}
	return ""
}

// titleWords is the filter title: words begin after blanks and brackets only,
// unlike those of str.title.
func titleWords(s string) string {
	var b strings.Builder
	first := true
	for _, r := range s {
		if first {
			b.WriteRune(unicode.ToUpper(r))
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		first = r == '-' || unicode.IsSpace(r) || strings.ContainsRune("({[<", r)
	}
	return b.String()
}

func trim(s *State, v any, a *arguments) (any, error) {
	t, err := s.text(v)
	if err != nil {
		return nil, err
	}
	if chars := a.optional(0, "chars", nil); chars != nil {
		return strings.Trim(t, a.text(0, "chars")), nil
	}
	return strings.TrimFunc(t, unicode.IsSpace), nil
}

func replaceFilter(s *State, v any, a *arguments) (any, error) {
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	before, err := s.text(a.required(0, "old"))
	if err != nil {
		return nil, err
	}
	after, err := s.text(a.required(1, "new"))
	if err != nil {
		return nil, err
	}
	return s.replace(text, before, after, a.intOr(2, "count", -1))
}

// replace fails before it would build too large a text.
func (s *State) replace(text, before, after string, n int) (any, error) {
	found := strings.Count(text, before)
	if n >= 0 {
		found = min(found, n)
	}
	if grow := len(after) - len(before); grow > 0 {
		if err := s.fitsTimes(grow, int64(found)); err != nil {
			return nil, err
		}
	}
	return strings.Replace(text, before, after, n), nil
}

func indent(s *State, v any, a *arguments) (any, error) {
	if u, undefined := v.(Undefined); undefined {
		return nil, u.err()
	}
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	width := a.optional(0, "width", int64(4))
	with, isText := width.(string)
	if !isText {
		n := a.intOr(0, "width", 4)
		if err := s.fitsTimes(max(n, 0), int64(strings.Count(text, "\n")+1)); err != nil {
			return nil, err
		}
		with = strings.Repeat(" ", max(0, n))
	}
	first, blanks := a.boolOr(1, "first", false), a.boolOr(2, "blank", false)
	lines := strings.Split(text, "\n")
	for i := range lines {
		if i > 0 && (blanks || lines[i] != "") || i == 0 && first {
			lines[i] = with + lines[i]
		}
	}
	return strings.Join(lines, "\n"), nil
}

func truncate(s *State, v any, a *arguments) (any, error) {
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	n := a.intOr(0, "length", 255)
	whole := a.boolOr(1, "killwords", false)
	end := []rune(a.textOr(2, "end", "..."))
	leeway := a.intOr(3, "leeway", 5)
	r := []rune(text)
	if n < len(end) {
		return nil, fmt.Errorf("expected length >= %d, got %d", len(end), n)
	}
	if count, err := length(v); err == nil && count <= n+leeway {
		return v, nil // whatever it is: only a cut makes a text of it
	}
	cut := string(r[:n-len(end)])
	if !whole {
		if i := strings.LastIndexByte(cut, ' '); i >= 0 {
			cut = cut[:i]
		}
	}
	return cut + string(end), nil
}

func centered(s *State, v any, a *arguments) (any, error) {
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	return s.padded(text, a.intOr(0, "width", 80), " ", true, true)
}

func formatFilter(s *State, v any, a *arguments) (any, error) {
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	args, kw := a.rest(0), a.keywords()
	if len(args) > 0 && kw.Len() > 0 {
		return nil, fmt.Errorf("can't handle positional and keyword arguments at the same time")
	}
	if kw.Len() > 0 {
		return s.percentFormat(text, kw)
	}
	return s.percentFormat(text, &Tuple{args})
}
