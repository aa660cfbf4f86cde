package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tk uint8

const (
	tData tk = iota
	tVarBegin
	tVarEnd
	tBlkBegin
	tBlkEnd
	tName
	tStr
	tInt
	tFloat
	tOp
	tEOF
)

type token struct {
	t    tk
	v    string
	line int
}

var ops3 = []string{"**", "//", "==", "!=", "<=", ">="}

func isIdStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }
func isId(r rune) bool      { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func lex(name, src string) ([]token, error) {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.TrimSuffix(src, "\n")
	var out []token
	line, i := 1, 0
	errf := func(f string, a ...any) error {
		return &Error{Msg: fmt.Sprintf(f, a...), Template: name, Pos: Pos{Line: line}}
	}
	trimNext := false
	data := func(s string, rstrip bool) {
		l := line
		line += strings.Count(s, "\n")
		if trimNext {
			t := strings.TrimLeft(s, " \t\n\r\v\f")
			l += strings.Count(s[:len(s)-len(t)], "\n")
			s = t
			trimNext = false
		}
		if rstrip {
			s = strings.TrimRight(s, " \t\n\r\v\f")
		}
		if s != "" {
			out = append(out, token{tData, s, l})
		}
	}
	for i < len(src) {
		j := i
		for {
			k := strings.IndexByte(src[j:], '{')
			if k < 0 {
				j = -1
				break
			}
			j += k
			if j+1 < len(src) && (src[j+1] == '{' || src[j+1] == '%' || src[j+1] == '#') {
				break
			}
			j++
			if j >= len(src) {
				j = -1
				break
			}
		}
		if j < 0 {
			data(src[i:], false)
			break
		}
		kind := src[j+1]
		p := j + 2
		minus := p < len(src) && src[p] == '-'
		if p < len(src) && (src[p] == '-' || src[p] == '+') {
			p++
		}
		data(src[i:j], minus)
		if kind == '#' {
			e := strings.Index(src[p:], "#}")
			if e < 0 {
				return nil, errf("Missing end of comment tag")
			}
			e += p
			trimNext = e > 0 && src[e-1] == '-' && e-1 >= p
			line += strings.Count(src[j:e], "\n")
			i = e + 2
			continue
		}
		if kind == '%' { // raw
			r := strings.TrimLeft(src[p:], " \t\n")
			if strings.HasPrefix(r, "raw") {
				r2 := strings.TrimLeft(r[3:], " \t\n")
				if strings.HasPrefix(r2, "%}") || strings.HasPrefix(r2, "-%}") || strings.HasPrefix(r2, "+%}") {
					trimNext = r2[0] == '-'
					st := len(src) - len(r2) + strings.Index(r2, "%}") + 2
					line += strings.Count(src[j:st], "\n")
					q := st
					for {
						k := strings.Index(src[q:], "{%")
						if k < 0 {
							return nil, errf("Missing end of raw directive")
						}
						q += k
						a := strings.TrimLeft(src[q+2:], "-+ \t\n")
						if strings.HasPrefix(a, "endraw") {
							b := strings.TrimLeft(a[6:], " \t\n")
							if strings.HasPrefix(b, "%}") || strings.HasPrefix(b, "-%}") {
								data(src[st:q], src[q+2] == '-')
								trimNext = b[0] == '-'
								i = len(src) - len(b) + strings.Index(b, "%}") + 2
								break
							}
						}
						q += 2
					}
					continue
				}
			}
		}
		bt, et, end := tVarBegin, tVarEnd, "}}"
		if kind == '%' {
			bt, et, end = tBlkBegin, tBlkEnd, "%}"
		}
		out = append(out, token{bt, "", line})
		var bal []byte
		i = p
		closed := false
		for i < len(src) {
			c := src[i]
			if c == '\n' {
				line++
				i++
				continue
			}
			if c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' {
				i++
				continue
			}
			if len(bal) == 0 {
				if strings.HasPrefix(src[i:], end) {
					out = append(out, token{et, "", line})
					i += 2
					closed = true
					break
				}
				if (c == '-' || c == '+') && strings.HasPrefix(src[i+1:], end) {
					out = append(out, token{et, "", line})
					trimNext = c == '-'
					i += 3
					closed = true
					break
				}
			}
			switch {
			case c == '\'' || c == '"':
				k := i + 1
				var b strings.Builder
				l0 := line
				for {
					if k >= len(src) {
						return nil, errf("unterminated string")
					}
					d := src[k]
					if d == c {
						break
					}
					if d == '\n' {
						line++
					}
					if d == '\\' && k+1 < len(src) {
						k++
						switch src[k] {
						case 'n':
							b.WriteByte('\n')
						case 't':
							b.WriteByte('\t')
						case 'r':
							b.WriteByte('\r')
						case 'b':
							b.WriteByte('\b')
						case 'f':
							b.WriteByte('\f')
						case 'a':
							b.WriteByte(7)
						case 'v':
							b.WriteByte('\v')
						case '\\', '\'', '"':
							b.WriteByte(src[k])
						case '\n':
							line++
						case '0', '1', '2', '3', '4', '5', '6', '7':
							e := k
							for e < len(src) && e < k+3 && src[e] >= '0' && src[e] <= '7' {
								e++
							}
							n, _ := strconv.ParseUint(src[k:e], 8, 32)
							b.WriteRune(rune(n))
							k = e - 1
						case 'x', 'u', 'U':
							w := map[byte]int{'x': 2, 'u': 4, 'U': 8}[src[k]]
							if k+w < len(src) {
								if n, err := strconv.ParseUint(src[k+1:k+1+w], 16, 32); err == nil {
									b.WriteRune(rune(n))
									k += w
									break
								}
							}
							return nil, errf("truncated escape")
						default:
							b.WriteByte('\\')
							b.WriteByte(src[k])
						}
						k++
						continue
					}
					b.WriteByte(d)
					k++
				}
				out = append(out, token{tStr, b.String(), l0})
				i = k + 1
			case c >= '0' && c <= '9':
				k := i
				if c == '0' && k+1 < len(src) && strings.IndexByte("xXoObB", src[k+1]) >= 0 {
					k += 2
					for k < len(src) && (src[k] == '_' || strings.IndexByte("0123456789abcdefABCDEF", src[k]) >= 0) {
						k++
					}
					out = append(out, token{tInt, src[i:k], line})
					i = k
					break
				}
				for k < len(src) && (src[k] == '_' || src[k] >= '0' && src[k] <= '9') {
					k++
				}
				fl := false
				if k+1 < len(src) && src[k] == '.' && src[k+1] >= '0' && src[k+1] <= '9' {
					fl = true
					k++
					for k < len(src) && (src[k] == '_' || src[k] >= '0' && src[k] <= '9') {
						k++
					}
				}
				if k < len(src) && (src[k] == 'e' || src[k] == 'E') {
					m := k + 1
					if m < len(src) && (src[m] == '+' || src[m] == '-') {
						m++
					}
					if m < len(src) && src[m] >= '0' && src[m] <= '9' {
						fl = true
						for m < len(src) && src[m] >= '0' && src[m] <= '9' {
							m++
						}
						k = m
					}
				}
				t := tInt
				if fl {
					t = tFloat
				}
				out = append(out, token{t, strings.ReplaceAll(src[i:k], "_", ""), line})
				i = k
			default:
				r, w := utf8.DecodeRuneInString(src[i:])
				if isIdStart(r) {
					k := i + w
					for k < len(src) {
						r, w := utf8.DecodeRuneInString(src[k:])
						if !isId(r) {
							break
						}
						k += w
					}
					out = append(out, token{tName, src[i:k], line})
					i = k
					break
				}
				op := ""
				for _, o := range ops3 {
					if strings.HasPrefix(src[i:], o) {
						op = o
						break
					}
				}
				if op == "" {
					if strings.IndexByte("+-*/%~()[]{}|,.:=<>;", c) < 0 {
						return nil, errf("unexpected char %q", r)
					}
					op = string(c)
				}
				switch op {
				case "(", "[", "{":
					bal = append(bal, op[0])
				case ")", "]", "}":
					want := map[string]byte{")": '(', "]": '[', "}": '{'}[op]
					if len(bal) == 0 || bal[len(bal)-1] != want {
						return nil, errf("unexpected '%s'", op)
					}
					bal = bal[:len(bal)-1]
				}
				out = append(out, token{tOp, op, line})
				i += len(op)
			}
		}
		if !closed {
			return nil, errf("unexpected end of template, expected '%s'", end)
		}
	}
	out = append(out, token{tEOF, "", line})
	return out, nil
}
