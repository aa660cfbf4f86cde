package csvfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// chunkBytes is about how much of a file is read at a time, and with it how
// many rows a block has.
const chunkBytes = 8 << 20

// recordBytesMax is the longest record. A quote that is never closed would
// otherwise make all of a file one record.
const recordBytesMax = 64 << 20

// File is a CSV file that is being read.
type File struct {
	name   string
	table  *Table
	layout layout
	in     io.Reader
	close  func()
	bytes  *counter
	rest   []byte // read, and not yet given out
	eof    bool
	line   int64 // of the first byte of rest
	record record
}

// counter counts the bytes of a file as they are on the disk.
type counter struct {
	in io.Reader
	n  atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Open reads the header of a file. The name is for messages only.
func Open(in io.Reader, name string, t *Table) (*File, error) {
	f := &File{name: name, table: t, line: 1, close: func() {}, bytes: &counter{in: in}}
	if err := f.decompress(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if err := f.header(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Close ends the reading; it does not close what the file was opened on.
func (f *File) Close() { f.close() }

// BytesRead is how much of the file was read, as it is on the disk.
func (f *File) BytesRead() int64 { return f.bytes.n.Load() }

// decompress looks at the first bytes, whatever the file is called.
func (f *File) decompress() error {
	head := make([]byte, 4)
	n, err := io.ReadFull(f.bytes, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	whole := io.MultiReader(bytes.NewReader(head), f.bytes)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		unzipped, err := gzip.NewReader(whole)
		if err != nil {
			return err
		}
		f.in = unzipped
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		decoder, err := zstd.NewReader(whole, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return err
		}
		f.in, f.close = decoder, decoder.Close
	default:
		if err := notCSV(head); err != nil {
			return err
		}
		f.in = whole
	}
	return nil
}

// notCSV knows files of other kinds by their first bytes.
func notCSV(head []byte) error {
	for _, kind := range []struct{ magic, problem string }{
		{"\xff\xfe", "it is UTF-16, and CSV files are read as UTF-8\nhint: iconv -f UTF-16 -t UTF-8 makes it so"},
		{"\xfe\xff", "it is UTF-16, and CSV files are read as UTF-8\nhint: iconv -f UTF-16 -t UTF-8 makes it so"},
		{"PK\x03\x04", "it is a ZIP archive or a spreadsheet, not CSV\nhint: unzip it, or save it as CSV in UTF-8"},
		{"\xd0\xcf\x11\xe0", "it is a spreadsheet, not CSV\nhint: save it as CSV in UTF-8"},
		{"PAR1", "it is a Parquet file, not CSV"},
		{"BZh", "it is compressed by bzip2, and files are read plain, or compressed by gzip or zstd\nhint: bunzip2 unpacks it"},
		{"\xfd7zX", "it is compressed by xz, and files are read plain, or compressed by gzip or zstd\nhint: unxz unpacks it"},
	} {
		if bytes.HasPrefix(head, []byte(kind.magic)) {
			return errors.New(kind.problem)
		}
	}
	return nil
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	// sepLine begins the line by which spreadsheets name the delimiter.
	sepLine = []byte("sep=")
)

// header reads the first record that is not blank.
func (f *File) header() error {
	for {
		text, err := f.fill(64 << 10)
		if err != nil {
			return err
		}
		if f.line == 1 {
			text = bytes.TrimPrefix(text, byteOrderMark)
			if line, rest, _ := bytes.Cut(text, []byte{'\n'}); bytes.HasPrefix(line, sepLine) && len(bytes.TrimSpace(line)) == len(sepLine)+1 {
				f.rest, f.line = rest, 2
				continue
			}
		}
		if len(text) == 0 {
			return &HeaderError{File: f.name, Problem: "the file is empty"}
		}
		f.record.scan(text, f.table.delimiter())
		if !f.record.whole && !f.eof {
			return &HeaderError{File: f.name, Problem: "its first line has no end"}
		}
		names := f.record
		f.rest = text[f.record.size:]
		line := f.line
		f.line += int64(bytes.Count(text[:f.record.size], []byte{'\n'}))
		if names.blank() && len(f.rest) > 0 {
			continue
		}
		f.layout, err = f.table.layout(f.name, line, &names)
		return err
	}
}

// fill reads until there are at least so many bytes, or no more.
func (f *File) fill(size int) ([]byte, error) {
	if len(f.rest) >= size || f.eof {
		return f.rest, nil
	}
	buffer := make([]byte, size)
	n := copy(buffer, f.rest)
	err := f.read(buffer, &n)
	f.rest = buffer[:n]
	return f.rest, err
}

// read fills a buffer from n on. Only the end of a whole file is an end: one
// that is compressed and was cut is an error.
func (f *File) read(buffer []byte, n *int) error {
	for *n < len(buffer) {
		got, err := f.in.Read(buffer[*n:])
		*n += got
		switch {
		case errors.Is(err, io.EOF):
			f.eof = true
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("read %s: line %d or later: the compressed file ends too early", f.name, f.line)
		case err != nil:
			return fmt.Errorf("read %s: line %d or later: %w", f.name, f.line, err)
		}
	}
	return nil
}

// Chunk is a run of whole records.
type Chunk struct {
	text   []byte
	line   int64 // of its first byte
	lines  int   // that end in it
	buffer []byte
}

// Next fills a chunk with what comes next; io.EOF is the end. What the chunk
// held is gone.
func (f *File) Next(c *Chunk) error {
	buffer := c.buffer
	if len(buffer) != chunkBytes || len(f.rest) > chunkBytes { // records can be longer
		buffer = make([]byte, max(chunkBytes, len(f.rest)))
	}
	n := copy(buffer, f.rest)
	for {
		if !f.eof {
			if err := f.read(buffer, &n); err != nil {
				return err
			}
		}
		text := buffer[:n]
		end := len(text)
		if !f.eof {
			end = wholeRecords(text, f.table.delimiter(), &f.record)
		}
		if end > 0 {
			*c = Chunk{text: text[:end], line: f.line, lines: bytes.Count(text[:end], []byte{'\n'}), buffer: buffer}
			f.line += int64(c.lines)
			f.rest = append(f.rest[:0:0], text[end:]...)
			return nil
		}
		if f.eof {
			return io.EOF
		}
		if len(buffer) >= recordBytesMax {
			return &RowError{File: f.name, Line: f.line, Reason: fmt.Sprintf(
				"a record of more than %d MB begins here: is a quote never closed?", recordBytesMax>>20)}
		}
		buffer = append(buffer, make([]byte, len(buffer))...)
	}
}
