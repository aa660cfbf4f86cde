package lake

import (
	"context"
	"fmt"
	"os"

	"github.com/parquet-go/parquet-go"
)

// Reading is a compacted file that is being read. Its groups may be read at
// the same time; each takes the memory of the few rows it is at, and of the
// page of the file that they are on.
type Reading struct {
	file   *os.File
	groups []parquet.RowGroup
	rows   int64
}

// OpenRows opens a compacted file.
func OpenRows(path string) (*Reading, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := openRows(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return r, nil
}

func openRows(file *os.File) (*Reading, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	opened, err := parquet.OpenFile(file, info.Size(),
		parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, err
	}
	return &Reading{file: file, groups: opened.RowGroups(), rows: opened.NumRows()}, nil
}

// Rows is the number of rows of the file.
func (r *Reading) Rows() int64 { return r.rows }

// Groups is the number of row groups. A group is a page of the registry.
func (r *Reading) Groups() int { return len(r.groups) }

// Group visits the rows of a group in their order. A row is only valid until
// the next one.
func (r *Reading) Group(ctx context.Context, group int, visit func(*Row) error) error {
	err := eachRow(r.groups[group], func(row *Row) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return visit(row)
	})
	if err != nil {
		return fmt.Errorf("read row group %d: %w", group+1, err)
	}
	return nil
}

// Close ends the reading.
func (r *Reading) Close() error { return r.file.Close() }
