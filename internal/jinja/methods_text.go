package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textMethod gives a method of Python's str; nil when there is none.
func textMethod(name string) operation {
	switch name {
	case "strip":
		return strip(true, true)
	case "lstrip":
		return strip(true, false)
	case "rstrip":
		return strip(false, true)
	case "startswith":
		return affix(strings.HasPrefix)
	case "endswith":
		return affix(strings.HasSuffix)
	case "removeprefix":
		return without(strings.TrimPrefix)
	case "removesuffix":
		return without(strings.TrimSuffix)
	case "replace":
		return replaceMethod
	case "format":
		return formatMethod
	case "format_map":
		return func(s *State, v any, a *arguments) (any, error) {
			d, ok := a.required(0, "mapping").(*Dict)
			if !ok {
				return nil, fmt.Errorf("format_map() takes a mapping")
			}
			return formatMethod(s, v, &arguments{name: a.name, kw: d})
		}
	case "join":
		return joinMethod
	case "splitlines":
		return splitLines
	case "split":
		return split
	case "rsplit":
		return splitRight
	case "partition":
		return partition(strings.Index)
	case "rpartition":
		return partition(strings.LastIndex)
	case "ljust":
		return justify(false, true)
	case "rjust":
		return justify(true, false)
	case "center":
		return justify(true, true)
	case "zfill":
		return zeroFill
	}
	for _, group := range [...]func(string) operation{textChange, textSearch, textPredicate} {
		if op := group(name); op != nil {
			return op
		}
	}
	return nil
}

// textChange gives the methods that put other characters in place of each.
func textChange(name string) operation {
	switch name {
	case "upper":
		return plainText(upper)
	case "lower":
		return plainText(strings.ToLower)
	case "casefold":
		return plainText(func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) })
	case "title":
		return plainText(titleLetters)
	case "capitalize":
		return plainText(capitalize)
	case "swapcase":
		return plainText(swapCase)
	case "encode":
		return encode
	case "expandtabs":
		return expandTabs
	case "maketrans":
		return makeTranslation
	case "translate":
		return translate
	}
	return nil
}

func textSearch(name string) operation {
	switch name {
	case "find":
		return search(strings.Index, false)
	case "rfind":
		return search(strings.LastIndex, false)
	case "index":
		return search(strings.Index, true)
	case "rindex":
		return search(strings.LastIndex, true)
	case "count":
		return func(_ *State, v any, a *arguments) (any, error) {
			t := []rune(v.(string))
			from, to := bounds(a, len(t))
			return int64(strings.Count(string(t[from:max(from, to)]), a.text(0, "sub"))), nil
		}
	}
	return nil
}

func textPredicate(name string) operation {
	switch name {
	case "isdigit":
		return everyRune(func(r rune) bool {
			return unicode.IsDigit(r) || strings.ContainsRune("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", r)
		})
	case "isdecimal":
		return everyRune(unicode.IsDigit)
	case "isascii":
		return holdsFor(func(v any) bool { return strings.IndexFunc(v.(string), func(r rune) bool { return r > 0x7f }) < 0 })
	case "isprintable":
		return holdsFor(func(v any) bool {
			return strings.IndexFunc(v.(string), func(r rune) bool { return !unicode.IsPrint(r) }) < 0
		})
	case "isnumeric":
		return everyRune(unicode.IsNumber)
	case "isalpha":
		return everyRune(unicode.IsLetter)
	case "isalnum":
		return everyRune(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	case "isspace":
		return everyRune(unicode.IsSpace)
	case "isupper":
		return holdsFor(func(v any) bool {
			s := v.(string)
			return s == strings.ToUpper(s) && s != strings.ToLower(s)
		})
	case "islower":
		return holdsFor(func(v any) bool {
			s := v.(string)
			return s == strings.ToLower(s) && s != strings.ToUpper(s)
		})
	case "istitle":
		return holdsFor(func(v any) bool {
			s := v.(string)
			return s == titleLetters(s) && strings.ToLower(s) != strings.ToUpper(s)
		})
	case "isidentifier":
		return holdsFor(func(v any) bool {
			for i, r := range v.(string) {
				if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
					return false
				}
			}
			return v != ""
		})
	}
	return nil
}

// upper is str.upper, which knows that ß has no capital.
func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "ß", "SS")) }

func plainText(f func(string) string) operation {
	return func(_ *State, v any, _ *arguments) (any, error) { return f(v.(string)), nil }
}

func everyRune(f func(rune) bool) operation {
	return holdsFor(func(v any) bool {
		for _, r := range v.(string) {
			if !f(r) {
				return false
			}
		}
		return v != ""
	})
}

// titleLetters is str.title: a word is a run of letters.
func titleLetters(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		inWord = unicode.IsLetter(r)
		if was {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func strip(left, right bool) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		t := v.(string)
		blanks := unicode.IsSpace
		if chars := a.textOr(0, "chars", "\x00"); chars != "\x00" {
			blanks = func(r rune) bool { return strings.ContainsRune(chars, r) }
		}
		if left {
			t = strings.TrimLeftFunc(t, blanks)
		}
		if right {
			t = strings.TrimRightFunc(t, blanks)
		}
		return t, nil
	}
}

func affix(f func(s, affix string) bool) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		t := v.(string)
		if _, bounded := a.find(1, "start"); bounded {
			r := []rune(t)
			from, to := bounds(a, len(r))
			if from > to {
				return false, nil
			}
			t = string(r[from:to])
		} else {
			a.find(2, "end")
		}
		options, ok := a.required(0, "affix").(*Tuple)
		if !ok {
			return f(t, a.text(0, "affix")), nil
		}
		for _, o := range options.V {
			s, ok := o.(string)
			if !ok {
				return nil, fmt.Errorf("%s() needs a str or a tuple of str, found %s in it", a.name, TypeName(o))
			}
			if f(t, s) {
				return true, nil
			}
		}
		return false, nil
	}
}

func without(f func(s, affix string) string) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		return f(v.(string), a.text(0, "affix")), nil
	}
}

func replaceMethod(s *State, v any, a *arguments) (any, error) {
	before, after, n := a.text(0, "old"), a.text(1, "new"), a.intOr(2, "count", -1)
	if a.err != nil {
		return nil, nil
	}
	return s.replace(v.(string), before, after, n)
}

func joinMethod(s *State, v any, a *arguments) (any, error) {
	sep := v.(string)
	elements := a.elements(0, "iterable")
	parts := make([]string, len(elements))
	size := 0
	for i, e := range elements {
		t, ok := e.(string)
		if !ok {
			return nil, fmt.Errorf("sequence item %d: expected str instance, %s found", i, TypeName(e))
		}
		parts[i] = t
		size += len(t) + len(sep)
	}
	if err := s.fits(size); err != nil {
		return nil, err
	}
	return strings.Join(parts, sep), nil
}

func splitLines(_ *State, v any, a *arguments) (any, error) {
	return texts(splitAtLines(v.(string), a.boolOr(0, "keepends", false))), nil
}

// splitAtLines is str.splitlines, to which more ends a line than to editors.
func splitAtLines(text string, keep bool) []string {
	var out []string
	for text != "" {
		i := strings.IndexAny(text, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029")
		if i < 0 {
			return append(out, text)
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		end := i + n
		if strings.HasPrefix(text[i:], "\r\n") {
			end++
		}
		line := text[:i]
		if keep {
			line = text[:end]
		}
		out = append(out, line)
		text = text[end:]
	}
	return out
}

func split(_ *State, v any, a *arguments) (any, error) {
	t, n := v.(string), a.intOr(1, "maxsplit", -1)
	if a.optional(0, "sep", nil) == nil {
		return texts(splitBlank(t, n)), nil
	}
	sep := a.text(0, "sep")
	if sep == "" {
		a.fail("empty separator")
		return nil, nil
	}
	if n >= 0 {
		n++
	}
	return texts(strings.SplitN(t, sep, n)), nil
}

// splitBlank splits at runs of blanks, at most n times.
func splitBlank(t string, n int) []string {
	if n < 0 {
		return strings.Fields(t)
	}
	var out []string
	for t = strings.TrimLeftFunc(t, unicode.IsSpace); t != ""; t = strings.TrimLeftFunc(t, unicode.IsSpace) {
		i := strings.IndexFunc(t, unicode.IsSpace)
		if i < 0 || len(out) == n {
			return append(out, t)
		}
		out = append(out, t[:i])
		t = t[i:]
	}
	return out
}

func splitRight(_ *State, v any, a *arguments) (any, error) {
	t, n := v.(string), a.intOr(1, "maxsplit", -1)
	if a.optional(0, "sep", nil) == nil {
		return texts(splitBlankRight(t, n)), nil
	}
	sep := a.text(0, "sep")
	if sep == "" {
		a.fail("empty separator")
		return nil, nil
	}
	parts := strings.Split(t, sep)
	if n >= 0 && len(parts) > n+1 {
		head := strings.Join(parts[:len(parts)-n], sep)
		parts = append([]string{head}, parts[len(parts)-n:]...)
	}
	return texts(parts), nil
}

func splitBlankRight(t string, n int) []string {
	parts := strings.Fields(t)
	if n < 0 || len(parts) <= n+1 {
		return parts
	}
	rest := strings.TrimRightFunc(t, unicode.IsSpace)
	for _, p := range parts[len(parts)-n:] {
		rest = rest[:strings.LastIndex(rest, p)]
		rest = strings.TrimRightFunc(rest, unicode.IsSpace)
	}
	return append([]string{rest}, parts[len(parts)-n:]...)
}

func partition(find func(s, sep string) int) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		t, sep := v.(string), a.text(0, "sep")
		if sep == "" {
			a.fail("empty separator")
			return nil, nil
		}
		i := find(t, sep)
		switch {
		case i >= 0:
			return &Tuple{[]any{t[:i], sep, t[i+len(sep):]}}, nil
		case a.name == "rpartition":
			return &Tuple{[]any{"", "", t}}, nil
		}
		return &Tuple{[]any{t, "", ""}}, nil
	}
}

// search finds a text; places count characters. Optional bounds are those of a slice.
func search(find func(s, sub string) int, must bool) operation {
	return func(_ *State, v any, a *arguments) (any, error) {
		t, sub := v.(string), a.text(0, "sub")
		from, to := bounds(a, utf8.RuneCountInString(t))
		at := -1
		if from <= to {
			part := string([]rune(t)[from:to])
			if i := find(part, sub); i >= 0 {
				at = from + utf8.RuneCountInString(part[:i])
			}
		}
		if at < 0 && must {
			return nil, fmt.Errorf("substring not found")
		}
		return int64(at), nil
	}
}

// bounds are the optional arguments start and end, which are those of a slice
// of n characters.
func bounds(a *arguments, n int) (from, to int) {
	bound := func(i int) int {
		if i < 0 {
			i += n
		}
		return max(0, min(i, n))
	}
	return bound(a.intOr(1, "start", 0)), bound(a.intOr(2, "end", n))
}

func justify(left, right bool) operation {
	return func(s *State, v any, a *arguments) (any, error) {
		width, fill := a.int(0, "width"), a.textOr(1, "fillchar", " ")
		if utf8.RuneCountInString(fill) != 1 {
			a.fail("the fill character must be exactly one character long")
			return nil, nil
		}
		return s.padded(v.(string), width, fill, left, right)
	}
}

// padded widens a text to a number of characters.
func (s *State) padded(t string, width int, fill string, left, right bool) (any, error) {
	n := width - utf8.RuneCountInString(t)
	if n <= 0 {
		return t, nil
	}
	if err := s.fitsTimes(len(fill), int64(n)); err != nil {
		return nil, err
	}
	switch {
	case left && right:
		// Python puts the odd one on the left when the width is odd.
		before := n/2 + n&width&1
		return strings.Repeat(fill, before) + t + strings.Repeat(fill, n-before), nil
	case left:
		return strings.Repeat(fill, n) + t, nil
	}
	return t + strings.Repeat(fill, n), nil
}

func zeroFill(s *State, v any, a *arguments) (any, error) {
	t, sign := v.(string), ""
	width := a.int(0, "width")
	if strings.HasPrefix(t, "-") || strings.HasPrefix(t, "+") {
		sign, t = t[:1], t[1:]
	}
	p, err := s.padded(t, width-len(sign), "0", true, false)
	if err != nil {
		return nil, err
	}
	return sign + p.(string), nil
}
