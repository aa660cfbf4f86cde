package csvfile

import "bytes"

// field is the text of one field of a record: between its quotes, if it has
// any. Doubled quotes are still doubled.
type field struct {
	text    []byte
	quoted  bool
	doubled bool
}

// value is the text that is meant. The scratch is used where that differs from
// the bytes of the file.
func (f field) value(scratch *[]byte) []byte {
	if !f.doubled {
		return f.text
	}
	*scratch = (*scratch)[:0]
	for rest := f.text; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			*scratch = append(*scratch, rest...)
			return *scratch
		}
		*scratch = append(*scratch, rest[:i+1]...)
		rest = rest[i+2:]
	}
}

// What can be wrong with a record whatever its columns are.
const (
	bareQuote  = `a quote stands inside a field that does not begin with one`
	afterQuote = `something stands between a closing quote and the end of the field`
	openQuote  = `the quote is never closed`
)

// record is one record of a text.
type record struct {
	fields  []field
	size    int    // with its line end
	problem string // one of the above
	at      int    // the field of the problem
	// whole: the record ends with a line end, not with the text.
	whole bool
}

// scan reads the record at the start of a text into r. Splitting a file and
// reading its records both go by it, so that they agree where a record ends:
// at the first line end outside quotes, and behind a misplaced quote at the
// next line end of all.
func (r *record) scan(text []byte, delimiter byte) {
	r.fields, r.problem, r.whole = r.fields[:0], "", false
	for i := 0; ; i++ {
		var f field
		end := i
		if i < len(text) && text[i] == '"' {
			var closed bool
			if end, f, closed = quoted(text, i); !closed {
				r.fail(openQuote)
				r.fields, r.size = append(r.fields, f), len(text)
				return
			}
			if end < len(text) && text[end] != delimiter && !isLineEnd(text[end:]) {
				r.fail(afterQuote)
				end = lineEnd(text, end)
			}
		} else {
			end = unquoted(text, i, delimiter)
			f.text = text[i:end]
			if bytes.IndexByte(f.text, '"') >= 0 {
				r.fail(bareQuote)
				end = lineEnd(text, end)
			}
			if end == len(text) || text[end] == '\n' {
				f.text = bytes.TrimSuffix(f.text, []byte{'\r'})
			}
		}
		r.fields = append(r.fields, f)
		if end < len(text) && text[end] == '\r' {
			end++
		}
		if end >= len(text) {
			r.size = len(text)
			return
		}
		if text[end] == '\n' {
			r.size, r.whole = end+1, true
			return
		}
		i = end
	}
}

func (r *record) fail(problem string) {
	if r.problem == "" {
		r.problem, r.at = problem, len(r.fields)
	}
}

// blank reports a line with nothing on it.
func (r *record) blank() bool {
	return len(r.fields) == 1 && len(r.fields[0].text) == 0 && !r.fields[0].quoted
}

// quoted reads a field that begins with a quote and gives the place behind the
// one that closes it.
func quoted(text []byte, start int) (end int, f field, closed bool) {
	f.quoted = true
	for i := start + 1; ; {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			f.text = text[start+1:]
			return len(text), f, false
		}
		i += n
		if i+1 < len(text) && text[i+1] == '"' {
			f.doubled = true
			i += 2
			continue
		}
		f.text = text[start+1 : i]
		return i + 1, f, true
	}
}

func unquoted(text []byte, i int, delimiter byte) int {
	for i < len(text) && text[i] != delimiter && text[i] != '\n' {
		i++
	}
	return i
}

func isLineEnd(text []byte) bool {
	return text[0] == '\n' || text[0] == '\r' && (len(text) == 1 || text[1] == '\n')
}

// lineEnd is the place of the next line feed.
func lineEnd(text []byte, i int) int {
	n := bytes.IndexByte(text[i:], '\n')
	if n < 0 {
		return len(text)
	}
	return i + n
}

// wholeRecords is the size of the records that end inside a text.
func wholeRecords(text []byte, delimiter byte, r *record) int {
	if bytes.IndexByte(text, '"') < 0 {
		return bytes.LastIndexByte(text, '\n') + 1
	}
	size := 0
	for size < len(text) {
		r.scan(text[size:], delimiter)
		if !r.whole {
			break
		}
		size += r.size
	}
	return size
}
