package activity

import (
	"os"
	"strconv"
)

// flushAt is how much text a file gathers before it is written out.
const flushAt = 1 << 18

// file is a CSV file being written: text is appended field by field, which is
// several times as fast as a general encoder. A failed write is kept, and what
// comes after it is dropped; close and ok report it.
type file struct {
	out   *os.File
	text  []byte
	end   string
	lines int // so far: the last one has this number
	err   error
}

func create(name string, crlf bool) (*file, error) {
	out, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	f := &file{out: out, text: make([]byte, 0, flushAt+4096), end: "\n"}
	if crlf {
		f.end = "\r\n"
	}
	return f, nil
}

// line writes a line as it stands.
func (f *file) line(text string) {
	f.text = append(f.text, text...)
	f.endRow()
}

// integer writes a field and the comma behind it.
func (f *file) integer(n int64) {
	f.text = strconv.AppendInt(f.text, n, 10)
	f.comma()
}

func (f *file) comma() { f.text = append(f.text, ',') }

func (f *file) endRow() {
	f.text = append(f.text, f.end...)
	f.lines++
	if len(f.text) >= flushAt {
		f.flush()
	}
}

func (f *file) flush() {
	if f.err == nil {
		_, f.err = f.out.Write(f.text)
	}
	f.text = f.text[:0]
}

func (f *file) close() error {
	f.flush()
	if err := f.out.Close(); f.err == nil {
		f.err = err
	}
	return f.err
}
