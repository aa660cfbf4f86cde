package flatten

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// depthMax is how deep values may be nested, as encoding/json has it.
const depthMax = 10_000

// found is what stands at a place.
type found uint8

const (
	absent found = iota
	foundNull
	foundText
	foundNumber
	foundBoolean
	foundObject
	foundList
)

// value is a place of a document after the scan: offsets into its text.
type value struct {
	found      found
	empty      bool // an object without keys
	escaped    bool // text with escapes
	nul        bool // text with a NUL character
	start, end int
}

// The functions below follow RFC 8259 to the letter: what encoding/json and
// DuckDB read alike. They return the offset behind what they passed, -1 when
// it is no JSON.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skip passes the value that begins at i, and says what it is.
func skip(b []byte, i, depth int) (v value) {
	v.start, v.end = i, -1
	if i >= len(b) || depth > depthMax {
		return v
	}
	switch c := b[i]; c {
	case '"':
		v.found = foundText
		v.end, v.escaped, v.nul = skipText(b, i)
	case '{':
		v.found = foundObject
		v.end, v.empty = skipObject(b, i, depth)
	case '[':
		v.found = foundList
		v.end = skipList(b, i, depth)
	case 't':
		v.found = foundBoolean
		v.end = skipWord(b, i, "true")
	case 'f':
		v.found = foundBoolean
		v.end = skipWord(b, i, "false")
	case 'n':
		v.found = foundNull
		v.end = skipWord(b, i, "null")
	default:
		v.found = foundNumber
		v.end = skipNumber(b, i)
	}
	return v
}

func skipWord(b []byte, i int, word string) int {
	if end := i + len(word); end <= len(b) && string(b[i:end]) == word {
		return end
	}
	return -1
}

func skipObject(b []byte, i, depth int) (end int, empty bool) {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return -1, false
		}
		if i, _, _ = skipText(b, i); i < 0 {
			return -1, false
		}
		if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
			return -1, false
		}
		if i = skip(b, skipSpace(b, i+1), depth+1).end; i < 0 {
			return -1, false
		}
		more := false
		if i, more = next(b, i, '}'); !more {
			return i, false
		}
	}
}

func skipList(b []byte, i, depth int) int {
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = skip(b, i, depth+1).end; i < 0 {
			return -1
		}
		more := false
		if i, more = next(b, i, ']'); !more {
			return i
		}
	}
}

// next passes what follows an element: a comma, then there is more, or the
// bracket that closes.
func next(b []byte, i int, closing byte) (_ int, more bool) {
	i = skipSpace(b, i)
	switch {
	case i >= len(b):
		return -1, false
	case b[i] == ',':
		return skipSpace(b, i+1), true
	case b[i] == closing:
		return i + 1, false
	default:
		return -1, false
	}
}

func skipNumber(b []byte, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = skipDigits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = skipDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i = skipDigits(b, i)
	}
	return i
}

func skipDigits(b []byte, i int) int {
	start := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// skipText passes a string with its quotes.
func skipText(b []byte, i int) (end int, escaped, nul bool) {
	i++
	for {
		i = skipPlain(b, i)
		switch {
		case i >= len(b) || b[i] < ' ':
			return -1, false, false
		case b[i] == '"':
			return i + 1, escaped, nul
		}
		r, size := unescape(b[i:])
		if size == 0 {
			return -1, false, false
		}
		escaped, nul = true, nul || r == 0
		i += size
	}
}

// skipPlain passes what needs no second look, eight bytes at a time: it ends
// at a quote, a backslash, a control character or the end of the text.
func skipPlain(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^(ones*'"'), x^(ones*'\\')
		// The lowest top bit that is set marks the first such byte; those
		// above it may be set by a borrow.
		if found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-ones*' ')&^x) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// unescape reads one escape sequence, a pair of surrogates as one. A size of 0
// is one that says nothing, half a pair among them.
func unescape(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(b[2:])
		if r < 0 || !utf16.IsSurrogate(r) {
			return r, sizeIf(r >= 0, 6)
		}
		if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
			return 0, 0
		}
		r = utf16.DecodeRune(r, hex4(b[8:]))
		return r, sizeIf(r != utf8.RuneError, 12)
	}
	return 0, 0
}

func sizeIf(ok bool, size int) int {
	if ok {
		return size
	}
	return 0
}

func hex4(b []byte) (r rune) {
	if len(b) < 4 {
		return -1
	}
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// appendText appends a string that was scanned, without quotes and escapes.
func appendText(to, b []byte) []byte {
	b = b[1 : len(b)-1]
	for len(b) > 0 {
		plain := bytes.IndexByte(b, '\\')
		if plain < 0 {
			return append(to, b...)
		}
		to = append(to, b[:plain]...)
		r, size := unescape(b[plain:])
		to = utf8.AppendRune(to, r)
		b = b[plain+size:]
	}
	return to
}

// integer reads a number that is written without fraction or exponent and
// fits 64 bits with or without a sign. Larger means: only without.
func integer(b []byte) (n int64, larger, ok bool) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err == nil {
		return n, false, true
	}
	_, err = strconv.ParseUint(string(b), 10, 64)
	return 0, true, err == nil
}
