package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
)

// Verify compares the files of a loadable extract with its manifest, before
// anyone reads them: what changed on the disk since is a DamagedError.
func (l *Lake) Verify(s Snapshot) error {
	if s.Compacted != nil {
		return l.verifyFile(s.ID, s.Compacted.File, s.Compacted.Extent)
	}
	for _, t := range s.Tables {
		if err := l.verifyFile(s.ID, t.File, t.Extent); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lake) verifyFile(id, name string, want Extent) error {
	path := l.path(id) + "/" + name
	file, err := l.disk.Open(path)
	if err != nil {
		return &DamagedError{err}
	}
	defer file.Close()
	if err := checkExtent(file, want); err != nil {
		return &DamagedError{fmt.Errorf("%s: %w", filepath.FromSlash(path), err)}
	}
	return nil
}

// verify reads the compacted file back and compares every row with what was
// appended, by the digests taken when the pages came.
func (c *compaction) verify(ctx context.Context, path string) error {
	file, err := openParquet(c.lake.disk, path, c.result.Extent)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	defer file.Close()
	groups := file.RowGroups()
	if len(groups) != len(c.groups) {
		return fmt.Errorf("read back: %d row groups instead of %d", len(groups), len(c.groups))
	}
	if err := c.verifyGroups(ctx, groups); err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	all := sha256.New()
	for i, want := range c.groups {
		all.Write([]byte(want.digest))
		c.result.Rows += int(want.rows)
		if want.copied > 0 && want.copied == file.Metadata().RowGroups[i].TotalCompressedSize {
			c.result.Copied++
		}
	}
	c.result.RowGroups = len(groups)
	c.result.Digest = hex.EncodeToString(all.Sum(nil))
	if c.result.Rows != c.manifest.Total {
		return fmt.Errorf("read back: %d rows instead of %d", c.result.Rows, c.manifest.Total)
	}
	return nil
}

// verifyGroups shares the row groups among the processors. The first error
// stops all of them.
func (c *compaction) verifyGroups(ctx context.Context, groups []parquet.RowGroup) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var reporting sync.Mutex
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(groups) {
					return
				}
				if err := verifyGroup(groups[i], c.groups[i]); err != nil {
					cancel(fmt.Errorf("row group %d: %w", i+1, err))
					return
				}
				reporting.Lock()
				c.report(len(c.manifest.Shards) + int(done.Add(1)))
				reporting.Unlock()
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

func verifyGroup(group parquet.RowGroup, want expectation) error {
	if group.NumRows() != want.rows {
		return fmt.Errorf("%d rows instead of %d", group.NumRows(), want.rows)
	}
	digest := newDigest()
	err := eachRow(group, func(row *Row) error {
		digest.add(row)
		return nil
	})
	if err != nil {
		return err
	}
	if digest.String() != want.digest {
		return errors.New("the rows are not those that were appended")
	}
	return nil
}
