package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads an integer or float. After a dot only digits belong to it, so
// that `x.0.1` is two items and not one float.
func (l *lexer) number() error {
	at := l.pos
	afterDot := len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].text == "." && l.tokens[len(l.tokens)-1].kind == tokOp
	if base := l.prefixedBase(); base != "" && !afterDot {
		l.pos += 2
		l.digits(base)
		l.add(tokInt, strings.ReplaceAll(l.src[at:l.pos], "_", ""), at)
		return nil
	}
	l.digits("0123456789")
	kind := tokInt
	if !afterDot {
		if l.fraction() {
			kind = tokFloat
		}
		if l.exponent() {
			kind = tokFloat
		}
	}
	l.add(kind, strings.ReplaceAll(l.src[at:l.pos], "_", ""), at)
	return nil
}

// prefixedBase gives the digits of a literal like 0x1f; empty for decimal ones.
func (l *lexer) prefixedBase() string {
	if l.src[l.pos] != '0' || l.pos+2 >= len(l.src) {
		return ""
	}
	digits := ""
	switch l.src[l.pos+1] {
	case 'x', 'X':
		digits = "0123456789abcdefABCDEF"
	case 'o', 'O':
		digits = "01234567"
	case 'b', 'B':
		digits = "01"
	}
	if strings.IndexByte(digits, l.src[l.pos+2]) < 0 {
		return ""
	}
	return digits
}

func (l *lexer) digits(set string) {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		separates := c == '_' && l.pos+1 < len(l.src) && strings.IndexByte(set, l.src[l.pos+1]) >= 0
		if !separates && strings.IndexByte(set, c) < 0 {
			return
		}
		l.pos++
	}
}

func (l *lexer) digitAt(i int) bool {
	return i < len(l.src) && l.src[i] >= '0' && l.src[i] <= '9'
}

func (l *lexer) fraction() bool {
	if l.pos >= len(l.src) || l.src[l.pos] != '.' || !l.digitAt(l.pos+1) {
		return false
	}
	l.pos++
	l.digits("0123456789")
	return true
}

func (l *lexer) exponent() bool {
	if l.pos >= len(l.src) || l.src[l.pos]|32 != 'e' {
		return false
	}
	at := l.pos + 1
	if at < len(l.src) && (l.src[at] == '+' || l.src[at] == '-') {
		at++
	}
	if !l.digitAt(at) {
		return false
	}
	l.pos = at
	l.digits("0123456789")
	return true
}

func (l *lexer) str(q byte) error {
	at := l.pos
	rest := l.src[at+1:]
	stop := strings.IndexByte(rest, q)
	if stop >= 0 && strings.IndexByte(rest[:stop], '\\') < 0 {
		l.pos = at + stop + 2
		l.add(tokString, rest[:stop], at)
		return nil
	}
	var b strings.Builder
	for i := at + 1; i < len(l.src); {
		c := l.src[i]
		switch {
		case c == q:
			l.pos = i + 1
			l.add(tokString, b.String(), at)
			return nil
		case c == '\\' && i+1 < len(l.src):
			n, err := l.escape(&b, i)
			if err != nil {
				return err
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return l.errorf(at, "unterminated string")
}

// escape writes what the escape at a position means and gives its length.
// What is no escape stays as it is, backslash included, as in Python.
func (l *lexer) escape(b *strings.Builder, at int) (int, error) {
	c := l.src[at+1]
	if i := strings.IndexByte("ntrbfav", c); i >= 0 {
		b.WriteByte("\n\t\r\b\f\a\v"[i])
		return 2, nil
	}
	switch c {
	case '\\', '\'', '"':
		b.WriteByte(c)
		return 2, nil
	case '\n':
		return 2, nil
	case 'x':
		return l.codePoint(b, at, 2)
	case 'u':
		return l.codePoint(b, at, 4)
	case 'U':
		return l.codePoint(b, at, 8)
	}
	n := 0
	for n < 3 && at+1+n < len(l.src) && l.src[at+1+n] >= '0' && l.src[at+1+n] <= '7' {
		n++
	}
	if n > 0 {
		code, _ := strconv.ParseUint(l.src[at+1:at+1+n], 8, 32)
		b.WriteRune(rune(code))
		return n + 1, nil
	}
	b.WriteByte('\\')
	return 1, nil
}

func (l *lexer) codePoint(b *strings.Builder, at, digits int) (int, error) {
	end := at + 2 + digits
	if end <= len(l.src) {
		code, err := strconv.ParseUint(l.src[at+2:end], 16, 32)
		if err == nil && code <= utf8.MaxRune {
			b.WriteRune(rune(code))
			return digits + 2, nil
		}
	}
	return 0, l.errorf(at, "truncated \\%cXX escape", l.src[at+1])
}
