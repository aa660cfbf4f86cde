package csvfile

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"apotheca/internal/columnar"
)

// Block is what a chunk held.
type Block struct {
	*columnar.Batch
	// Lines are the lines on which the rows begin, from 1.
	Lines []int64
	// Rejected are the records that are no rows, in their order.
	Rejected []Rejected
}

// Records is how many records the chunk had.
func (b *Block) Records() int { return b.Rows + len(b.Rejected) }

// Rejected is a record that is no row.
type Rejected struct {
	Line   int64
	Column string // as the file has it; empty where the record as a whole is wrong
	Reason string
}

// RowError says which record kept a file from being read.
type RowError struct {
	File   string
	Line   int64
	Column string
	Reason string
}

func (e *RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason)
	}
	return fmt.Sprintf("%s:%d: column %s: %s", e.File, e.Line, e.Column, e.Reason)
}

// Parser makes blocks of the chunks of one file. It is not for concurrent use;
// several parsers of one file are.
type Parser struct {
	layout    layout
	delimiter byte
	record    record
	scratch   []byte
	dates     dateCache
	silent    bool // values must not be said
}

// Parser is a new one for this file.
func (f *File) Parser() *Parser {
	return &Parser{layout: f.layout, delimiter: f.table.delimiter(), silent: f.table.Silent || f.table.HasPII()}
}

// NewBlock is an empty block for this file's parsers.
func (f *File) NewBlock() *Block { return &Block{Batch: columnar.New(f.table.Schema().Columns)} }

// Parse makes the block of a chunk, in place of what it held.
func (p *Parser) Parse(c Chunk, b *Block) {
	text := c.text
	b.Resize(c.lines + 1)
	b.Lines, b.Rejected = b.Lines[:0], b.Rejected[:0]
	line, row := c.line, 0
	for pos := 0; pos < len(text); {
		if next, ok := p.plain(text, pos, b, row); ok {
			b.Lines = append(b.Lines, line)
			pos, line, row = next, line+1, row+1
			continue
		}
		b.clearNulls(row) // plain may have come half way
		p.record.scan(text[pos:], p.delimiter)
		if !p.record.blank() {
			if column, reason := p.careful(b, row); reason == "" {
				b.Lines = append(b.Lines, line)
				row++
			} else {
				b.Rejected = append(b.Rejected, Rejected{Line: line, Column: column, Reason: reason})
				b.clearNulls(row)
			}
		}
		line += int64(bytes.Count(text[pos:pos+p.record.size], []byte{'\n'}))
		pos += p.record.size
	}
	b.Truncate(row)
}

func (b *Block) clearNulls(row int) {
	for i := range b.Columns {
		if b.Columns[i].Null != nil {
			b.Columns[i].Null[row] = false
		}
	}
}

// careful reads the record that was scanned last and says what is wrong.
func (p *Parser) careful(b *Block, row int) (column, reason string) {
	r := &p.record
	if r.problem != "" {
		return p.name(r.at), r.problem
	}
	if want := len(p.layout.fields); len(r.fields) != want {
		return "", fmt.Sprintf("%d fields instead of %d", len(r.fields), want)
	}
	for n := range p.layout.fields {
		at := &p.layout.fields[n]
		if at.kind == kindIgnored {
			continue
		}
		f := r.fields[n]
		if reason := p.set(b, row, at, f.value(&p.scratch), f.quoted); reason != "" {
			return p.name(n), reason
		}
	}
	return "", ""
}

func (p *Parser) name(field int) string {
	if field >= len(p.layout.names) {
		return ""
	}
	return p.layout.names[field]
}

// set gives a value its place, or says why it is none.
func (p *Parser) set(b *Block, row int, at *place, text []byte, quoted bool) (reason string) {
	c := &b.Columns[at.column]
	if len(text) == 0 && !(quoted && at.kind == kindText) {
		if !at.null {
			return "it is empty, and must not be"
		}
		c.SetNull(row)
		if at.offset >= 0 {
			b.Columns[at.offset].SetNull(row)
		}
		return ""
	}
	var problem string
	switch at.kind {
	case kindInteger:
		c.Ints[row], problem = integer(text)
	case kindDouble:
		c.Floats[row], problem = double(text)
	case kindBoolean:
		c.Ints[row], problem = boolean(text)
	case kindDate:
		c.Ints[row], problem = p.dates.date(text)
	case kindTimestamp:
		var offset int64
		if c.Ints[row], offset, problem = p.dates.timestamp(text, at.utc); problem == "" && at.offset >= 0 {
			b.Columns[at.offset].Ints[row] = offset
		}
	case kindDecimal:
		if problem = decimal(text, at.size[0], at.size[1]); problem == "" {
			c.SetText(row, text)
		}
	case kindText:
		return p.text(c, row, text)
	}
	return p.said(text, problem)
}

func (p *Parser) text(c *columnar.Column, row int, text []byte) (reason string) {
	switch {
	case !utf8.Valid(text):
		return "it is not valid UTF-8; iconv -f LATIN1 -t UTF-8 may make it so"
	case bytes.IndexByte(text, 0) >= 0:
		return "it has a NUL character"
	}
	c.SetText(row, text)
	return ""
}

// shownMax is how much of a value a message shows.
const shownMax = 40

// said puts what was found before what is wrong with it, if it may be said: in
// a table with personal data it may not, because fields slip.
func (p *Parser) said(text []byte, problem string) string {
	if problem == "" || p.silent {
		return problem
	}
	shown := []rune(string(bytes.ToValidUTF8(text, []byte("\uFFFD"))))
	if len(shown) > shownMax {
		shown = append(shown[:shownMax], '…')
	}
	return fmt.Sprintf("%s: %q", problem, string(shown))
}
