package dbt

import (
	"fmt"
	"strconv"
	"strings"
)

// The flags of Python's re.
const (
	flagIgnoreCase = 2
	flagLocale     = 4
	flagMultiLine  = 8
	flagDotAll     = 16
	flagUnicode    = 32
	flagVerbose    = 64
	flagASCII      = 256
)

var flagLetters = map[byte]int64{
	'i': flagIgnoreCase, 'L': flagLocale, 'm': flagMultiLine, 's': flagDotAll, 'u': flagUnicode, 'x': flagVerbose, 'a': flagASCII,
}

// pythonPattern is a pattern of Python's, rewritten for the engine.
type pythonPattern struct {
	text  string
	flags int64    // those given and those at the pattern's beginning
	names []string // of the groups from 1 on; empty for those without
}

// rewritePattern turns Python's syntax into the engine's, which is that of
// .NET: groups get numbers from left to right, as Python counts them, comments
// and layout go, and what only one of the two knows is spelled out.
func rewritePattern(pattern string, flags int64) (pythonPattern, error) {
	r := patternRewriter{source: []rune(pattern), pythonPattern: pythonPattern{flags: flags}}
	r.leadingFlags()
	err := r.rewrite()
	r.text = r.out.String()
	return r.pythonPattern, err
}

type patternRewriter struct {
	pythonPattern
	source []rune
	at     int
	out    strings.Builder
	atom   int   // where in out the last thing that can be repeated begins
	groups []int // where in out the open groups begin
}

func (r *patternRewriter) fail(format string, a ...any) error {
	return fmt.Errorf("%s at position %d", fmt.Sprintf(format, a...), r.at)
}

func (r *patternRewriter) follows(s string) bool {
	return strings.HasPrefix(string(r.source[r.at:min(len(r.source), r.at+len(s))]), s)
}

// leadingFlags takes "(?ims)" off the pattern's beginning.
func (r *patternRewriter) leadingFlags() {
	for r.follows("(?") {
		end := r.at + 2
		var found int64
		for end < len(r.source) && r.source[end] < 128 && flagLetters[byte(r.source[end])] != 0 {
			found |= flagLetters[byte(r.source[end])]
			end++
		}
		if found == 0 || end == len(r.source) || r.source[end] != ')' {
			return
		}
		r.flags |= found
		r.at = end + 1
	}
}

func (r *patternRewriter) rewrite() error {
	for r.at < len(r.source) {
		c := r.source[r.at]
		if r.flags&flagVerbose != 0 && r.layout(c) {
			continue
		}
		var err error
		switch c {
		case '\\':
			r.begin()
			err = r.escape(false)
		case '[':
			r.begin()
			err = r.class()
		case '(':
			err = r.open()
		case ')':
			if len(r.groups) == 0 {
				return r.fail("unbalanced parenthesis")
			}
			r.atom = r.groups[len(r.groups)-1]
			r.groups = r.groups[:len(r.groups)-1]
			r.write(")", 1)
		case '*', '+', '?':
			r.repeat(string(c), 1)
		case '{':
			r.counted()
		case '|', '^', '$':
			r.write(string(c), 1)
			r.begin()
		default:
			r.begin()
			r.write(string(c), 1)
		}
		if err != nil {
			return err
		}
	}
	if len(r.groups) > 0 {
		return r.fail("missing ), unterminated subpattern")
	}
	return nil
}

// layout passes over what a verbose pattern (flag x) has between its parts.
func (r *patternRewriter) layout(c rune) bool {
	switch {
	case strings.ContainsRune(" \t\n\r\f\v", c):
		r.at++
		return true
	case c == '#':
		for r.at < len(r.source) && r.source[r.at] != '\n' {
			r.at++
		}
		return true
	}
	return false
}

func (r *patternRewriter) begin() { r.atom = r.out.Len() }

func (r *patternRewriter) write(s string, taken int) {
	r.out.WriteString(s)
	r.at += taken
}

// repeat writes a quantifier. A possessive one, which gives nothing back, is
// an atomic group around what it repeats.
func (r *patternRewriter) repeat(quantifier string, taken int) {
	r.write(quantifier, taken)
	switch {
	case r.follows("?"):
		r.write("?", 1)
	case r.follows("+"):
		text := r.out.String()
		r.out.Reset()
		r.out.WriteString(text[:r.atom] + "(?>" + text[r.atom:])
		r.write(")", 1)
	}
}

// counted is {n}, {n,}, {,m} or {n,m}; other braces stand for themselves.
func (r *patternRewriter) counted() {
	inside, _, closed := strings.Cut(string(r.source[r.at+1:]), "}")
	low, high, _ := strings.Cut(inside, ",")
	if !closed || inside == "" || strings.Trim(low+high, "0123456789") != "" {
		r.begin()
		r.write(`\{`, 1)
		return
	}
	if low == "" {
		r.repeat("{0"+inside+"}", len(inside)+2)
		return
	}
	r.repeat("{"+inside+"}", len(inside)+2)
}

// open is the beginning of a group.
func (r *patternRewriter) open() error {
	start := r.out.Len()
	switch {
	case r.follows("(?#"):
		for r.at < len(r.source) && r.source[r.at] != ')' {
			r.at++
		}
		r.at++
		return nil
	case r.follows("(?P="):
		name, err := r.until(4, ')')
		if err != nil {
			return err
		}
		n, ok := r.groupNumber(name)
		if !ok {
			return r.fail("unknown group name '%s'", name)
		}
		r.begin()
		r.out.WriteString(`(?:\k<` + strconv.Itoa(n) + `>)`)
		return nil
	case r.follows("(?P<"):
		name, err := r.until(4, '>')
		if err != nil {
			return err
		}
		if _, twice := r.groupNumber(name); twice {
			return r.fail("redefinition of group name '%s'", name)
		}
		r.capture(name)
	case r.follows("(?("):
		name, err := r.until(3, ')')
		if err != nil {
			return err
		}
		n, ok := r.groupNumber(name)
		if !ok {
			return r.fail("unknown group name '%s'", name)
		}
		r.out.WriteString("(?(" + strconv.Itoa(n) + ")")
	case r.follows("(?"):
		if err := r.special(); err != nil {
			return err
		}
	default:
		r.at++
		r.capture("")
	}
	r.groups = append(r.groups, start)
	return nil
}

func (r *patternRewriter) capture(name string) {
	r.names = append(r.names, name)
	r.out.WriteString("(?<" + strconv.Itoa(len(r.names)) + ">")
}

// special is a group that captures nothing: (?:, (?=, (?!, (?<=, (?<!, (?>
// and flags for the group's inside.
func (r *patternRewriter) special() error {
	for _, known := range []string{"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>"} {
		if r.follows(known) {
			r.write(known, len(known))
			return nil
		}
	}
	flags, err := r.until(2, ':')
	if err != nil || strings.Trim(flags, "aiLmsux-") != "" {
		return r.fail("unknown extension ?%c", r.source[min(r.at, len(r.source)-1)])
	}
	r.out.WriteString("(?" + strings.NewReplacer("a", "", "u", "", "L", "").Replace(flags) + ":")
	return nil
}

// until takes a name that stands behind skip characters and ends before end.
func (r *patternRewriter) until(skip int, end rune) (string, error) {
	for i := r.at + skip; i < len(r.source); i++ {
		if r.source[i] == end {
			name := string(r.source[r.at+skip : i])
			r.at = i + 1
			return name, nil
		}
	}
	return "", r.fail("missing %c, unterminated name", end)
}

// groupNumber is the number of a group given by number or by name.
func (p pythonPattern) groupNumber(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, n >= 0 && n <= len(p.names)
	}
	for i, known := range p.names {
		if known == name && name != "" {
			return i + 1, true
		}
	}
	return 0, false
}

var asciiClasses = map[rune]string{'d': "0-9", 'w': "a-zA-Z0-9_", 's': ` \t\n\r\f\v`}

// escape is a backslash and what follows.
func (r *patternRewriter) escape(inClass bool) error {
	if r.at+1 >= len(r.source) {
		return r.fail("bad escape (end of pattern)")
	}
	c := r.source[r.at+1]
	ascii := asciiClasses[c|0x20]
	switch {
	case strings.ContainsRune("dwsDWS", c) && r.flags&flagASCII != 0 && (c >= 'a' || !inClass):
		negated := ""
		if c < 'a' {
			negated = "^"
		}
		if !inClass {
			ascii = "[" + negated + ascii + "]"
		}
		r.write(ascii, 2)
	case c == 'Z' && !inClass:
		r.write(`\z`, 2)
	case c == 'U':
		code, err := strconv.ParseUint(string(r.source[r.at+2:min(len(r.source), r.at+10)]), 16, 32)
		if err != nil {
			return r.fail(`incomplete escape \U`)
		}
		r.write(quoteRune(rune(code)), 10)
	case c >= '1' && c <= '9' && !inClass:
		return r.backReference()
	case c < 128 && (c|0x20 >= 'a' && c|0x20 <= 'z') && !strings.ContainsRune("AbBdDsSwWafnrtvxu", c):
		return r.fail(`bad escape \%c`, c)
	default:
		r.write(`\`+string(c), 2)
	}
	return nil
}

// backReference is \1 to \99, or a character by its three octal digits.
func (r *patternRewriter) backReference() error {
	end := r.at + 1
	for end < len(r.source) && end < r.at+4 && r.source[end] >= '0' && r.source[end] <= '9' {
		end++
	}
	digits := string(r.source[r.at+1 : end])
	if code, err := strconv.ParseUint(digits, 8, 16); err == nil && len(digits) == 3 {
		r.write(quoteRune(rune(code&0xff)), 4)
		return nil
	}
	digits = digits[:min(2, len(digits))]
	if n, ok := r.groupNumber(digits); !ok || n == 0 {
		return r.fail("invalid group reference %s", digits)
	}
	r.write(`(?:\k<`+digits+`>)`, 1+len(digits))
	return nil
}

func quoteRune(c rune) string {
	if c < 0x10000 {
		return fmt.Sprintf(`\u%04x`, c)
	}
	return string(c)
}

// class is [...]. A bracket inside is a character, as it is not in .NET.
func (r *patternRewriter) class() error {
	r.write("[", 1)
	if r.follows("^") {
		r.write("^", 1)
	}
	for first := true; r.at < len(r.source); first = false {
		switch c := r.source[r.at]; {
		case c == ']' && !first:
			r.write("]", 1)
			return nil
		case c == '\\':
			if err := r.escape(true); err != nil {
				return err
			}
		case c == '[' || c == ']':
			r.write(`\`+string(c), 1)
		default:
			r.write(string(c), 1)
		}
	}
	return r.fail("unterminated character set")
}
