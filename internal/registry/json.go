package registry

import (
	"strconv"
)

// writer composes the JSON of a study in the registry's key order. Absent
// values are left out, as the registry does: it never writes null, [] or {}.
type writer struct {
	buf   []byte
	first bool // the next key or element needs no comma
	text  []byte
}

func (w *writer) comma() {
	if !w.first {
		w.buf = append(w.buf, ',')
	}
	w.first = false
}

func (w *writer) key(name string) {
	w.comma()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
	w.first = true
}

func (w *writer) open(name string)     { w.key(name); w.begin() }
func (w *writer) begin()               { w.comma(); w.buf = append(w.buf, '{'); w.first = true }
func (w *writer) end()                 { w.buf = append(w.buf, '}'); w.first = false }
func (w *writer) list(name string)     { w.key(name); w.buf = append(w.buf, '['); w.first = true }
func (w *writer) endList()             { w.buf = append(w.buf, ']'); w.first = false }
func (w *writer) element(s string)     { w.comma(); w.buf = appendString(w.buf, s) }
func (w *writer) date(n string, d day) { w.str(n, d.String()) }

func (w *writer) str(name, value string) {
	w.key(name)
	w.buf = appendString(w.buf, value)
	w.first = false
}

// bytes is str for a text composed in scratch space.
func (w *writer) bytes(name string, value []byte) {
	w.key(name)
	w.buf = appendString(w.buf, value)
	w.first = false
}

func (w *writer) int(name string, value int) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, int64(value), 10)
	w.first = false
}

func (w *writer) float(name string, value float64) {
	w.key(name)
	start := len(w.buf)
	w.buf = strconv.AppendFloat(w.buf, value, 'f', -1, 64)
	if !hasPoint(w.buf[start:]) {
		w.buf = append(w.buf, ".0"...)
	}
	w.first = false
}

func (w *writer) bool(name string, value bool) {
	w.key(name)
	w.buf = strconv.AppendBool(w.buf, value)
	w.first = false
}

func (w *writer) strs(name string, values ...string) {
	if len(values) == 0 {
		return
	}
	w.list(name)
	for _, v := range values {
		w.element(v)
	}
	w.endList()
}

func hasPoint(number []byte) bool {
	for _, c := range number {
		if c == '.' {
			return true
		}
	}
	return false
}

// appendString quotes a text. Only what JSON requires is escaped: the
// registry sends other characters as they are, < > & among them.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '\n':
			dst = append(dst, '\\', 'n')
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}
