package jinja

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokData tokenKind = iota
	tokPrintBegin
	tokPrintEnd
	tokTagBegin
	tokTagEnd
	tokName
	tokString
	tokInt
	tokFloat
	tokOp
	tokEOF
)

// token is a piece of the source. text is what it means: of a string, its value.
type token struct {
	kind tokenKind
	text string
	pos  int
	end  int // where the token ends in the source
}

func (t token) describe() string {
	switch t.kind {
	case tokTagEnd:
		return "end of statement block"
	case tokPrintEnd:
		return "end of print statement"
	case tokEOF:
		return "end of template"
	case tokString:
		return "string " + quote(t.text)
	case tokData:
		return "text"
	case tokPrintBegin:
		return "'{{'"
	case tokTagBegin:
		return "'{%'"
	}
	return "'" + t.text + "'"
}

// lexer cuts a source into tokens. Text between tags is trimmed here, since a
// minus sign of one tag changes the text beside it.
type lexer struct {
	name, src string
	pos       int
	tokens    []token
	trimNext  bool // the last tag ended with a minus
}

const blank = " \t\n\r\v\f"

// normalized is the source as jinja sees it: one kind of line end, and without
// the last one (keep_trailing_newline is false).
func normalized(src string) string {
	if strings.IndexByte(src, '\r') >= 0 {
		src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	}
	return strings.TrimSuffix(src, "\n")
}

// tokenRoom keeps the room of tokens that were parsed, of type *[]token.
var tokenRoom sync.Pool

func lex(name, src string) ([]token, error) {
	l := &lexer{name: name, src: src}
	if room, ok := tokenRoom.Get().(*[]token); ok {
		l.tokens = (*room)[:0]
	} else {
		l.tokens = make([]token, 0, len(src)/4+4)
	}
	for l.pos < len(l.src) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	l.add(tokEOF, "", l.pos)
	return l.tokens, nil
}

func (l *lexer) add(kind tokenKind, text string, pos int) {
	l.tokens = append(l.tokens, token{kind, text, pos, l.pos})
}

func (l *lexer) errorf(pos int, format string, a ...any) error {
	return &Error{Msg: fmt.Sprintf(format, a...), Template: l.name, Pos: position(l.src, pos)}
}

// next reads the text up to a tag, and the tag.
func (l *lexer) next() error {
	open := l.nextOpening()
	if open < 0 {
		l.data(l.pos, len(l.src), false)
		l.pos = len(l.src)
		return nil
	}
	kind := l.src[open+1]
	inner := open + 2
	minus := strings.HasPrefix(l.src[inner:], "-")
	if minus || strings.HasPrefix(l.src[inner:], "+") {
		inner++
	}
	l.data(l.pos, open, minus)
	l.pos = inner
	switch kind {
	case '#':
		return l.comment(open)
	case '{':
		l.tokens = append(l.tokens, token{tokPrintBegin, "", open, inner})
		return l.inside("}}", tokPrintEnd, open)
	}
	if done, err := l.raw(open); done || err != nil {
		return err
	}
	l.tokens = append(l.tokens, token{tokTagBegin, "", open, inner})
	return l.inside("%}", tokTagEnd, open)
}

func (l *lexer) nextOpening() int {
	for i := l.pos; ; i++ {
		k := strings.IndexByte(l.src[i:], '{')
		if k < 0 {
			return -1
		}
		i += k
		if i+1 < len(l.src) && (l.src[i+1] == '{' || l.src[i+1] == '%' || l.src[i+1] == '#') {
			return i
		}
	}
}

// data adds the text of [from, to), trimmed as the tags around it ask.
func (l *lexer) data(from, to int, trimEnd bool) {
	text := l.src[from:to]
	if l.trimNext {
		text = strings.TrimLeft(text, blank)
		from = to - len(text)
		l.trimNext = false
	}
	if trimEnd {
		text = strings.TrimRight(text, blank)
	}
	if text != "" {
		l.tokens = append(l.tokens, token{tokData, text, from, to})
	}
}

func (l *lexer) comment(open int) error {
	k := strings.Index(l.src[l.pos:], "#}")
	if k < 0 {
		return l.errorf(open, "missing end of comment tag")
	}
	l.trimNext = k > 0 && l.src[l.pos+k-1] == '-'
	l.pos += k + 2
	return nil
}

// raw reads {% raw %}...{% endraw %} as text; done is false for any other tag.
func (l *lexer) raw(open int) (done bool, err error) {
	from, trim, ok := l.tagNamed(l.pos, "raw")
	if !ok {
		return false, nil
	}
	l.trimNext = trim
	for at := from; ; at += 2 {
		k := strings.Index(l.src[at:], "{%")
		if k < 0 {
			return false, l.errorf(open, "missing end of raw directive")
		}
		at += k
		inner := at + 2
		minus := strings.HasPrefix(l.src[inner:], "-")
		if minus || strings.HasPrefix(l.src[inner:], "+") {
			inner++
		}
		if end, trim, ok := l.tagNamed(inner, "endraw"); ok {
			l.data(from, at, minus)
			l.pos, l.trimNext = end, trim
			return true, nil
		}
	}
}

// tagNamed reads `name %}` at a position and says where the tag ends.
func (l *lexer) tagNamed(at int, name string) (end int, trim, ok bool) {
	rest := strings.TrimLeft(l.src[at:], blank)
	rest, found := strings.CutPrefix(rest, name)
	if !found {
		return 0, false, false
	}
	rest = strings.TrimLeft(rest, blank)
	rest, trim = strings.CutPrefix(rest, "-")
	if !trim {
		rest = strings.TrimPrefix(rest, "+")
	}
	rest, found = strings.CutPrefix(rest, "%}")
	return len(l.src) - len(rest), trim, found
}

// inside reads the tokens of a tag up to its end. Brackets are matched here,
// since `}}` ends a print statement only outside of them.
func (l *lexer) inside(end string, kind tokenKind, open int) error {
	var brackets []byte
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		if strings.IndexByte(blank, rest[0]) >= 0 {
			l.pos++
			continue
		}
		if len(brackets) == 0 {
			sign := 0
			if rest[0] == '-' || rest[0] == '+' {
				sign = 1
			}
			if strings.HasPrefix(rest[sign:], end) {
				at := l.pos
				l.trimNext = rest[0] == '-'
				l.pos += sign + len(end)
				l.add(kind, "", at)
				return nil
			}
		}
		var err error
		if brackets, err = l.token(brackets); err != nil {
			return err
		}
	}
	return l.errorf(open, "unexpected end of template, expected '%s'", end)
}

func (l *lexer) token(brackets []byte) ([]byte, error) {
	c := l.src[l.pos]
	switch {
	case c == '\'' || c == '"':
		return brackets, l.str(c)
	case c >= '0' && c <= '9':
		return brackets, l.number()
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf:
		return brackets, l.word()
	}
	return l.operator(brackets)
}

func (l *lexer) word() error {
	at := l.pos
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			break
		}
		l.pos += n
	}
	if l.pos == at {
		r, _ := utf8.DecodeRuneInString(l.src[at:])
		return l.errorf(at, "unexpected char %q", r)
	}
	l.add(tokName, l.src[at:l.pos], at)
	return nil
}

func (l *lexer) operator(brackets []byte) ([]byte, error) {
	at, n := l.pos, 1
	if at+2 <= len(l.src) {
		switch l.src[at : at+2] {
		case "**", "//", "==", "!=", "<=", ">=":
			n = 2
		}
	}
	c := l.src[at]
	if n == 1 && strings.IndexByte("+-*/%~()[]{}|,.:=<>;", c) < 0 {
		return brackets, l.errorf(at, "unexpected char %q", c)
	}
	switch c {
	case '(', '[', '{':
		brackets = append(brackets, c)
	case ')', ']', '}':
		want := map[byte]byte{')': '(', ']': '[', '}': '{'}[c]
		if len(brackets) == 0 || brackets[len(brackets)-1] != want {
			return brackets, l.errorf(at, "unexpected '%c'", c)
		}
		brackets = brackets[:len(brackets)-1]
	}
	l.pos += n
	l.add(tokOp, l.src[at:l.pos], at)
	return brackets, nil
}
