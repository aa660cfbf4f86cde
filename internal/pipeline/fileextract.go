package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"apotheca/internal/columnar"
	"apotheca/internal/csvfile"
	"apotheca/internal/lake"
)

// extract reads the files into the lake, from their beginning: an extract that
// was cut off is not there.
func (f *Files) extract(ctx context.Context, r *run, s *StageRecord) error {
	if f.Before != nil {
		if err := f.Before(ctx); err != nil {
			return err
		}
	}
	x := &fileExtract{Files: f, report: func(text string) { r.Reporter.Progress(Extract, text) }}
	if err := x.stat(); err != nil {
		return err
	}
	into, err := r.lake.BeginTables(f.Name, x.modified().UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	x.into = into
	if err := x.run(ctx); err != nil {
		return errors.Join(err, into.Fail(0, err))
	}
	m := into.Manifest()
	s.Extract = m.ID
	s.Counts = map[string]int64{
		"files": int64(len(m.Inputs)), "records": int64(m.Total), "quarantined": int64(m.Quarantined),
	}
	removed, err := r.lake.Retain(max(r.KeepExtracts, 1), m.ID)
	for _, id := range removed {
		r.Reporter.Note(Extract, "removed old extract "+id)
	}
	return err
}

type fileExtract struct {
	*Files
	into     *lake.TableExtract
	inputs   []lake.Input
	rejected *rejections
	report   func(string)
}

// stat looks at all files before the rows of any are read.
func (x *fileExtract) stat() error {
	for _, t := range x.Tables {
		for _, path := range x.Paths[t.Name] {
			info, err := os.Stat(path)
			if err == nil && info.IsDir() {
				err = fmt.Errorf("%s is a folder", path)
			}
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
			x.inputs = append(x.inputs, lake.Input{Table: t.Name, File: path, Bytes: info.Size(), ModifiedAt: info.ModTime().UTC()})
		}
	}
	return x.Files.CheckHeaders()
}

// modified is when the newest of the files was written.
func (x *fileExtract) modified() time.Time {
	var newest time.Time
	for _, in := range x.inputs {
		if in.ModifiedAt.After(newest) {
			newest = in.ModifiedAt
		}
	}
	return newest
}

func (x *fileExtract) run(ctx context.Context) (err error) {
	if x.rejected, err = newRejections(x.into); err != nil {
		return err
	}
	defer x.rejected.abandon()
	for _, t := range x.Tables {
		if err := x.table(ctx, t); err != nil {
			return err
		}
	}
	if err := x.rejected.close(); err != nil {
		return err
	}
	return x.into.Finish(x.inputs)
}

func (x *fileExtract) table(ctx context.Context, t *csvfile.Table) error {
	to, err := x.into.Create(t.Name, inLake(t))
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			to.Abandon()
		}
	}()
	for i := range x.inputs {
		if x.inputs[i].Table == t.Name {
			if err := x.file(ctx, t, i, to); err != nil {
				return err
			}
		}
	}
	closed = true
	return to.Close()
}

// piece is a chunk on its way into the lake, with what is needed for it.
type piece struct {
	chunk   csvfile.Chunk
	parser  *csvfile.Parser
	block   *csvfile.Block
	lines   columnar.Batch // the block, with file and line beside it
	encoder *lake.Encoder
}

// parsersMax bounds how many chunks are on their way on a machine of many
// processors.
const parsersMax = 4

// file reads one file: chunks are parsed and encoded side by side and
// committed in the order of the file.
func (x *fileExtract) file(ctx context.Context, t *csvfile.Table, input int, to *lake.TableWriter) error {
	in := &x.inputs[input]
	opened, err := openFile(in.File)
	if err != nil {
		return err
	}
	defer opened.Close()
	file, err := csvfile.Open(opened, in.File, t)
	if err != nil {
		return err
	}
	defer file.Close()
	pieces := make([]*piece, min(runtime.GOMAXPROCS(0), parsersMax)+1)
	for i := range pieces {
		pieces[i] = &piece{parser: file.Parser(), block: file.NewBlock(), encoder: to.Encoder()}
	}
	next := func(p *piece) (more bool, err error) {
		err = file.Next(&p.chunk)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return err == nil, err
	}
	work := func(_ context.Context, p *piece) error {
		p.parser.Parse(p.chunk, p.block)
		return p.encoder.Encode(p.withPlace(int64(input + 1)))
	}
	take := func(p *piece) error {
		if err := x.take(in, p, to); err != nil {
			return err
		}
		x.report(fmt.Sprintf("%s: %s rows, %s of %s", in.File, Grouped(in.Records), Size(file.BytesRead()), Size(in.Bytes)))
		return nil
	}
	return inOrder(ctx, pieces, next, work, take)
}

// withPlace is the block with the place of each row.
func (p *piece) withPlace(file int64) *columnar.Batch {
	p.lines.Rows = p.block.Rows
	if p.lines.Columns == nil {
		p.lines.Columns = make([]columnar.Column, len(p.block.Columns)+1)
	}
	n := copy(p.lines.Columns, p.block.Columns)
	places := &p.lines.Columns[n]
	places.Type = place.Type
	places.Ints = append(places.Ints[:0], p.block.Lines...)
	for i := range places.Ints {
		places.Ints[i] |= file << lineBits
	}
	return &p.lines
}

// take commits a piece and sets aside what is no row in it: the load decides
// what becomes of those.
func (x *fileExtract) take(in *lake.Input, p *piece, to *lake.TableWriter) error {
	for _, bad := range p.block.Rejected {
		if err := x.rejected.add(in, bad); err != nil {
			return err
		}
	}
	in.Records += int64(p.block.Records())
	in.Rejected += int64(len(p.block.Rejected))
	return to.Commit(p.encoder)
}

// rejections gathers what is set aside.
type rejections struct {
	to    *lake.TableWriter
	batch *columnar.Batch
	rows  int
}

// rejectedMax is how many are held before they are written.
const rejectedMax = 10_000

func newRejections(into *lake.TableExtract) (*rejections, error) {
	to, err := into.Create(quarantineTable.Name, quarantineTable.Columns)
	if err != nil {
		return nil, err
	}
	r := &rejections{to: to, batch: columnar.New(quarantineTable.Columns)}
	r.batch.Resize(rejectedMax)
	return r, nil
}

func (r *rejections) add(in *lake.Input, bad csvfile.Rejected) error {
	c := r.batch.Columns
	c[0].SetText(r.rows, []byte(in.Table))
	c[1].SetText(r.rows, []byte(in.File))
	c[2].Ints[r.rows] = bad.Line
	if bad.Column == "" {
		c[3].SetNull(r.rows)
	} else {
		c[3].SetText(r.rows, []byte(bad.Column))
	}
	c[4].SetText(r.rows, []byte(bad.Reason))
	if r.rows++; r.rows < rejectedMax {
		return nil
	}
	return r.flush()
}

func (r *rejections) flush() error {
	r.batch.Truncate(r.rows)
	encoder := r.to.Encoder()
	if err := encoder.Encode(r.batch); err != nil {
		return err
	}
	r.batch.Resize(rejectedMax)
	r.rows = 0
	return r.to.Commit(encoder)
}

func (r *rejections) close() error {
	if err := r.flush(); err != nil {
		return err
	}
	to := r.to
	r.to = nil
	return to.Close()
}

func (r *rejections) abandon() {
	if r.to != nil {
		r.to.Abandon()
	}
}
