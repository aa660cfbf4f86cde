package flatten

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader makes values of the slots of a document. It reads on when a value is
// none and says at the end what was wrong first: text with a NUL character
// before all else.
type reader struct {
	body    []byte
	slots   []value
	at      place
	scratch *[]byte
	batch   *Batch
	nul     string
	problem string
}

func (d *reader) reason() string {
	if d.nul != "" {
		return d.nul
	}
	return d.problem
}

func (d *reader) fail(where, format string, args ...any) {
	if d.problem == "" {
		d.problem = d.at.of(where) + ": " + fmt.Sprintf(format, args...)
	}
}

// read gives a place's value, nil when it is absent. Its kind was compared.
func (d *reader) read(r *reading) any {
	v := &d.slots[r.slot]
	if v.found == absent || v.found == foundNull {
		if r.required {
			d.fail(r.place, "is required, and absent")
		}
		return nil
	}
	switch r.kind {
	case kindBoolean:
		return d.body[v.start] == 't'
	case kindInteger:
		n, larger, _ := integer(d.body[v.start:v.end])
		if larger {
			d.fail(r.place, "wants a 64-bit integer, found a larger number")
		}
		return n
	case kindDouble:
		n, err := strconv.ParseFloat(string(d.body[v.start:v.end]), 64)
		if err != nil || math.IsInf(n, 0) {
			d.fail(r.place, "wants a finite number, found one out of range")
		}
		return n
	case kindList:
		return d.joined(r, v)
	default:
		return d.text(r, v)
	}
}

func (d *reader) text(r *reading, v *value) any {
	d.noNUL(r, v)
	if r.pattern == nil && !v.escaped {
		return d.batch.text(d.body[v.start+1 : v.end-1])
	}
	*d.scratch = appendText((*d.scratch)[:0], d.body[v.start:v.end])
	d.match(r)
	return d.batch.text(*d.scratch)
}

func (d *reader) noNUL(r *reading, v *value) {
	if v.nul && d.nul == "" {
		d.nul = d.at.of(r.place) + ": wants text, found a NUL character in it"
	}
}

func (d *reader) match(r *reading) {
	if r.pattern == nil || r.pattern.Match(*d.scratch) {
		return
	}
	d.fail(r.place, "wants text like %s, found %s", r.pattern, start(*d.scratch, 40))
}

// joined puts the elements of a list into one text.
func (d *reader) joined(r *reading, list *value) any {
	i := skipSpace(d.body, list.start+1)
	if d.body[i] == ']' {
		if r.required {
			d.fail(r.place, "is required, and absent")
		}
		return nil
	}
	*d.scratch = (*d.scratch)[:0]
	wrong := false
	for more, index := true, 0; more; index++ {
		v := skip(d.body, i, 0)
		if v.found == foundText {
			d.noNUL(r, &v)
			if index > 0 {
				*d.scratch = append(*d.scratch, r.join...)
			}
			*d.scratch = appendText(*d.scratch, d.body[v.start:v.end])
		} else {
			wrong = true
			d.fail(r.place+"["+strconv.Itoa(index)+"]", "wants text, found %s", v.words(d.body))
		}
		i, more = next(d.body, v.end, ']')
	}
	if wrong {
		return nil
	}
	d.match(r)
	return d.batch.text(*d.scratch)
}

// start is the first characters of a text.
func start(text []byte, characters int) string {
	end := 0
	for range characters {
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	return string(text[:end])
}

// storable is a record as it came, but for NUL characters, which can only be
// in text that is no JSON, and no warehouse but DuckDB stores.
func storable(body []byte) string {
	if bytes.IndexByte(body, 0) < 0 {
		return string(body)
	}
	return strings.ReplaceAll(string(body), "\x00", "\uFFFD")
}
