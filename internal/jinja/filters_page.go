package jinja

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// pageFilter gives the filters that were made for pages and for reading.
func pageFilter(name string) operation {
	switch name {
	case "filesizeformat":
		return fileSize
	case "pprint":
		return prettyPrint
	case "urlencode":
		return urlEncode
	case "urlize":
		return urlize
	case "wordwrap":
		return wordWrap
	case "xmlattr":
		return xmlAttributes
	}
	return nil
}

func fileSize(s *State, v any, a *arguments) (any, error) {
	binary := a.boolOr(0, "binary", false)
	f, err := toFloat(s, v, &arguments{args: []any{nil}})
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, fmt.Errorf("could not convert %s to float", Repr(v))
	}
	n, base, prefixes := f.(float64), 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if binary {
		base, prefixes = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case n == 1:
		return "1 Byte", nil
	case n < base:
		return fmt.Sprintf("%d Bytes", int64(n)), nil
	}
	i := 0
	for i < len(prefixes)-1 && n >= math.Pow(base, float64(i+2)) {
		i++
	}
	return fmt.Sprintf("%.1f %s", n/math.Pow(base, float64(i+1)), prefixes[i]), nil
}

// printWidth is the width of a line of pprint.
const printWidth = 80

func prettyPrint(s *State, v any, _ *arguments) (any, error) {
	p := prettyPrinter{limit: orDefault(s.Limits.Output, defaultOutput)}
	p.value(v, 0, 0, 0)
	return p.b.String(), s.fits(p.b.Len())
}

// prettyPrinter puts every element on a line of its own where a value is
// longer than a line. Keys are sorted.
type prettyPrinter struct {
	b     strings.Builder
	limit int
}

// value writes v, which begins at a column and is followed by so many brackets.
func (p *prettyPrinter) value(v any, column, after, depth int) {
	text := Repr(sortedKeys(v, depth))
	width := utf8.RuneCountInString(text)
	var elements []any
	begin, end := "[", "]"
	switch x := v.(type) {
	case *List:
		elements = x.V
	case *Tuple:
		elements, begin, end = x.V, "(", ")"
		if len(elements) == 1 {
			end = ",)"
		}
	case *Dict:
		elements, begin, end = sortedKeys(x, depth).(*Dict).items(), "{", "}"
	}
	if width <= printWidth-column-after || len(elements) == 0 || depth > maxNesting || p.b.Len() > p.limit {
		p.b.WriteString(text)
		return
	}
	p.b.WriteString(begin)
	for i, e := range elements {
		if i > 0 {
			p.b.WriteString(",\n" + strings.Repeat(" ", column+1))
		}
		at, last := column+1, 1
		if i == len(elements)-1 {
			last = after + len(end)
		}
		if _, isDict := v.(*Dict); isDict {
			key := Repr(e.(*Tuple).V[0]) + ": "
			p.b.WriteString(key)
			at += utf8.RuneCountInString(key)
			e = e.(*Tuple).V[1]
		}
		p.value(e, at, last, depth+1)
	}
	p.b.WriteString(end)
}

// sortedKeys is v with the dicts in it in the order of their keys.
func sortedKeys(v any, depth int) any {
	d, ok := v.(*Dict)
	if !ok || depth > maxNesting {
		return v
	}
	keys := slices.Clone(d.Keys())
	slices.SortStableFunc(keys, func(a, b any) int {
		c, _ := Compare(a, b)
		return c
	})
	sorted := &Dict{}
	for _, k := range keys {
		e, _ := d.Get(k)
		sorted.Set(k, sortedKeys(e, depth+1))
	}
	return sorted
}

func urlEncode(s *State, v any, _ *arguments) (any, error) {
	if text, ok := v.(string); ok {
		return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), "%2F", "/"), nil
	}
	pairs := v
	if d, ok := v.(*Dict); ok {
		pairs = &List{d.items()}
	}
	elements, err := Iterate(pairs)
	if err != nil {
		return urlEncode(s, Str(v), nil)
	}
	var parts []string
	for _, e := range elements {
		kv, err := Iterate(e)
		if err != nil || len(kv) != 2 {
			return nil, fmt.Errorf("urlencode needs a text, a mapping or pairs")
		}
		parts = append(parts, url.QueryEscape(Str(kv[0]))+"="+url.QueryEscape(Str(kv[1])))
	}
	return strings.Join(parts, "&"), nil
}

var webAddress = regexp.MustCompile(`^(?:https?://|www\.)\S+$`)

// urlize makes links of the words that are addresses.
func urlize(s *State, v any, a *arguments) (any, error) {
	text, err := s.text(v)
	if err != nil {
		return nil, err
	}
	limit, follow := a.intOr(0, "trim_url_limit", math.MaxInt32), a.boolOr(1, "nofollow", false)
	target, rel := a.optional(2, "target", nil), a.textOr(3, "rel", "")
	rels := strings.Fields(rel + " noopener")
	if follow {
		rels = append(rels, "nofollow")
	}
	slices.Sort(rels)
	attributes := ` rel="` + escapeHTML(strings.Join(slices.Compact(rels), " ")) + `"`
	if target != nil {
		attributes += ` target="` + escapeHTML(Str(target)) + `"`
	}
	words := blankOrWord.FindAllString(text, -1)
	for i, w := range words {
		core := strings.TrimRight(strings.TrimLeft(w, "(<"), ".,)>\n;:")
		if !webAddress.MatchString(core) {
			words[i] = escapeHTML(w)
			continue
		}
		at := strings.Index(w, core)
		link, shown := core, core
		if strings.HasPrefix(core, "www.") {
			link = "https://" + core
		}
		if r := []rune(shown); len(r) > limit {
			shown = string(r[:max(0, limit)]) + "..."
		}
		words[i] = escapeHTML(w[:at]) + `<a href="` + escapeHTML(link) + `"` + attributes + ">" + escapeHTML(shown) + "</a>" + escapeHTML(w[at+len(core):])
	}
	return strings.Join(words, ""), nil
}

func xmlAttributes(s *State, v any, a *arguments) (any, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, fmt.Errorf("xmlattr needs a mapping, not %s", TypeName(v))
	}
	var parts []string
	for _, e := range d.entries {
		if _, undefined := e.val.(Undefined); e.val == nil || undefined {
			continue
		}
		key := Str(e.key)
		if strings.ContainsAny(key, " \t\n\f/>=") {
			return nil, fmt.Errorf("invalid character in attribute name: %s", quote(key))
		}
		value, err := s.text(e.val)
		if err != nil {
			return nil, err
		}
		parts = append(parts, escapeHTML(key)+`="`+escapeHTML(value)+`"`)
	}
	text := strings.Join(parts, " ")
	if a.boolOr(0, "autospace", true) && text != "" {
		text = " " + text
	}
	return text, nil
}

func wordWrap(s *State, v any, a *arguments) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("wordwrap needs a text, not %s", TypeName(v))
	}
	w := wrapper{width: a.intOr(0, "width", 79), long: a.boolOr(1, "break_long_words", true)}
	end := a.textOr(2, "wrapstring", "\n")
	w.hyphens = a.boolOr(3, "break_on_hyphens", true)
	if w.width < 1 {
		return nil, fmt.Errorf("invalid width %d (must be > 0)", w.width)
	}
	lines := splitAtLines(text, false)
	for i, line := range lines {
		lines[i] = strings.Join(w.wrap(line), end)
	}
	return strings.Join(lines, end), s.spend(len(text))
}

type wrapper struct {
	width         int
	long, hyphens bool
}

var blankOrWord = regexp.MustCompile(`\s+|\S+`)

// chunks are the pieces between which a line may be broken.
func (w wrapper) chunks(line string) []string {
	var out []string
	for _, word := range blankOrWord.FindAllString(line, -1) {
		if !w.hyphens || !strings.Contains(word, "-") {
			out = append(out, word)
			continue
		}
		start := 0
		for i := 1; i+1 < len(word); i++ {
			if word[i] == '-' && word[i-1] != '-' && word[i+1] != '-' {
				out = append(out, word[start:i+1])
				start = i + 1
			}
		}
		out = append(out, word[start:])
	}
	return out
}

// wrap fills lines; blanks at their beginnings and ends go.
func (w wrapper) wrap(line string) []string {
	var lines []string
	var current strings.Builder
	used := 0
	flush := func() {
		if text := strings.TrimRight(current.String(), " \t"); text != "" {
			lines = append(lines, text)
		}
		current.Reset()
		used = 0
	}
	for _, c := range w.chunks(line) {
		for r := []rune(c); len(r) > 0; {
			switch {
			case used+len(r) <= w.width:
				if used > 0 || len(lines) == 0 || strings.TrimSpace(c) != "" {
					current.WriteString(string(r))
					used += len(r)
				}
				r = nil
			case w.long && len(r) > w.width:
				current.WriteString(string(r[:w.width-used]))
				r = r[w.width-used:]
				flush()
			case used > 0:
				flush()
			default:
				current.WriteString(string(r))
				r = nil
				flush()
			}
		}
	}
	flush()
	return lines
}
