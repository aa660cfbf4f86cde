package lake

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowGroupRows bounds a row group. A reader holds one at a time, and a page of
// the registry never has more studies: so a page is one row group.
const rowGroupRows = 1000

// shardLevel is how hard shards are compressed, and with them most of the
// compacted file: decompressing costs the same, compressing far less.
const shardLevel = zstd.SpeedFastest

// newWriter writes rows as shards and compacted files have them. The options
// of both must agree, or row groups could not be copied as they are. Bounds of
// the study column are left out: they would repeat whole studies in the footer.
func newWriter(w io.Writer, level zstd.Level) *parquet.GenericWriter[Row] {
	return parquet.NewGenericWriter[Row](w,
		parquet.Compression(&zstd.Codec{Level: level}),
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		parquet.SkipPageBounds("study"),
		parquet.SkipPageStatistics("study"),
		parquet.CreatedBy("apotheca", "", ""),
	)
}

// writeShard writes one page and gives its entry in the manifest.
func writeShard(disk FS, dir string, page int, rows []Row) (Shard, error) {
	shard := Shard{File: shardFile(page), Rows: len(rows)}
	counter := &countingWriter{}
	err := writeFile(disk, dir+"/"+shard.File, func(w io.Writer) error {
		counter.to = w
		writer := newWriter(counter, shardLevel)
		if _, err := writer.Write(rows); err != nil {
			return err
		}
		return writer.Close()
	})
	if err != nil {
		return Shard{}, fmt.Errorf("write %s: %w", shard.File, err)
	}
	digest := newDigest()
	for i := range rows {
		digest.add(&rows[i])
	}
	shard.Extent, shard.Digest = counter.extent(), digest.String()
	return shard, nil
}

// countingWriter measures what goes to a file.
type countingWriter struct {
	to    io.Writer
	bytes int64
	sum   uint32
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.bytes += int64(n)
	w.sum = crc32.Update(w.sum, crc32.MakeTable(crc32.Castagnoli), p[:n])
	return n, err
}

func (w *countingWriter) extent() Extent { return Extent{w.bytes, fmt.Sprintf("%08x", w.sum)} }

// rowDigest is a digest over the content of rows in their order: all columns
// but fetched_at, which no two runs share.
type rowDigest struct {
	rows hash.Hash
	row  hash.Hash
	text []byte
}

func newDigest() *rowDigest { return &rowDigest{rows: sha256.New(), row: sha256.New()} }

func (d *rowDigest) add(row *Row) {
	d.text = d.text[:0]
	for _, column := range []string{row.NCTID, row.LastUpdatePostDate, row.ContentHash, row.Problem} {
		d.text = binary.AppendUvarint(d.text, uint64(len(column)))
		d.text = append(d.text, column...)
	}
	d.text = binary.AppendUvarint(d.text, uint64(row.Page))
	d.text = binary.AppendUvarint(d.text, uint64(row.Position))
	d.row.Reset()
	d.row.Write(d.text)
	d.row.Write(row.Study)
	d.text = d.row.Sum(d.text[:0])
	d.rows.Write(d.text)
}

func (d *rowDigest) String() string { return hex.EncodeToString(d.rows.Sum(nil)) }

// parquetFile is an open file of rows.
type parquetFile struct {
	*parquet.File
	file File
}

// openParquet opens a file that the manifest says is like this. Its bytes are
// checked before they are decoded: the decoder does not expect damaged ones.
func openParquet(disk FS, path string, want Extent) (parquetFile, error) {
	file, err := disk.Open(path)
	if err != nil {
		return parquetFile{}, err
	}
	opened, err := parseParquet(file, want)
	if err != nil {
		file.Close()
		return parquetFile{}, fmt.Errorf("open %s: %w", path, err)
	}
	return parquetFile{File: opened, file: file}, nil
}

func parseParquet(file File, want Extent) (*parquet.File, error) {
	if err := checkExtent(file, want); err != nil {
		return nil, err
	}
	return parquet.OpenFile(file, want.Bytes, parquet.SkipBloomFilters(true))
}

func checkExtent(file File, want Extent) error {
	read := &countingWriter{to: io.Discard}
	if _, err := io.Copy(read, bufio.NewReaderSize(file, 1<<16)); err != nil {
		return err
	}
	if got := read.extent(); got != want {
		return fmt.Errorf("%d bytes with checksum %s instead of %d with %s",
			got.Bytes, got.CRC32C, want.Bytes, want.CRC32C)
	}
	return nil
}

func (f parquetFile) Close() error { return f.file.Close() }

// eachRow reads the rows of a group one after another. T is Row or a part of
// it; columns that T lacks are not read. The row is only valid until the next.
func eachRow[T any](group parquet.RowGroup, visit func(*T) error) (err error) {
	reader := parquet.NewGenericRowGroupReader[T](group)
	defer func() { err = errors.Join(err, reader.Close()) }()
	batch := make([]T, min(64, group.NumRows()))
	for {
		n, err := reader.Read(batch)
		for i := range batch[:n] {
			if err := visit(&batch[i]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
}

// rowKey is what tells rows apart, without the study.
type rowKey struct {
	NCTID              string `parquet:"nct_id"`
	LastUpdatePostDate string `parquet:"last_update_post_date"`
	ContentHash        string `parquet:"content_hash"`
	Problem            string `parquet:"problem"`
}

// eachKey visits the rows of a shard by their position, from 1.
func eachKey(disk FS, dir string, shard Shard, visit func(position int, key *rowKey) error) error {
	file, err := openParquet(disk, dir+"/"+shard.File, shard.Extent)
	if err != nil {
		return err
	}
	defer file.Close()
	position := 0
	for _, group := range file.RowGroups() {
		err := eachRow(group, func(key *rowKey) error {
			position++
			return visit(position, key)
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", shard.File, err)
		}
	}
	if position != shard.Rows {
		return fmt.Errorf("read %s: %d rows instead of %d", shard.File, position, shard.Rows)
	}
	return nil
}
