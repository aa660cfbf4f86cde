package lake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rewriteLevel compresses row groups that lost a row. It differs from
// shardLevel on purpose: if the library stopped copying row groups as they are
// and compressed them anew, their sizes would tell (see Compacted.Copied).
const rewriteLevel = zstd.SpeedDefault

// Compact turns the shards of a finished extract into one file with each study
// once. The file appears whole or not at all; the shards go after it was read
// back and every row was compared. Compacting what is compacted does nothing
// but remove leftovers. Progress, if not nil, is told how many of the row
// groups are written, and then how many are read back.
func (l *Lake) Compact(ctx context.Context, id string, progress func(done, all int)) (Snapshot, error) {
	m, err := l.manifest(id)
	if err != nil {
		return Snapshot{}, err
	}
	if m.State != Success {
		return Snapshot{}, fmt.Errorf("compact extract %s: it is %s and not complete", id, m.State)
	}
	if err := l.removeOrphans(m); err != nil {
		return Snapshot{}, fmt.Errorf("compact extract %s: %w", id, err)
	}
	if m.Compacted != nil {
		return l.snapshot(m), nil
	}
	c := &compaction{lake: l, dir: l.path(id), manifest: m, progress: progress}
	if err := c.run(ctx); err != nil {
		return Snapshot{}, fmt.Errorf("compact extract %s: %w", id, err)
	}
	return l.snapshot(m), nil
}

type compaction struct {
	lake     *Lake
	dir      string
	manifest *Manifest
	progress func(done, all int)

	losers map[int]map[int]bool // page → position of superseded rows
	groups []expectation        // one per row group of the compacted file
	result Compacted
}

// expectation is what a row group must turn out to be when it is read back.
type expectation struct {
	rows   int64
	digest string
	copied int64 // compressed size of its source, if it was to be copied
}

func (c *compaction) run(ctx context.Context) error {
	if err := c.findLosers(); err != nil {
		return err
	}
	temp := c.dir + "/" + compactedFile + temporary
	counter := &countingWriter{}
	err := writeFile(c.lake.disk, temp, func(w io.Writer) error {
		counter.to = w
		return c.merge(ctx, counter)
	})
	if err != nil {
		return err
	}
	c.result.File, c.result.Extent = compactedFile, counter.extent()
	if err := c.verify(ctx, temp); err != nil {
		return errors.Join(err, c.lake.disk.RemoveAll(temp))
	}
	if err := c.lake.disk.Rename(temp, c.dir+"/"+compactedFile); err != nil {
		return err
	}
	if err := c.lake.disk.SyncDir(c.dir); err != nil {
		return err
	}
	return c.commit()
}

// commit is the moment from which the extract is loadable. The shards are not
// in the manifest any more, and so are orphans to be removed.
func (c *compaction) commit() error {
	c.result.CompactedAt = c.lake.now().UTC()
	next := *c.manifest
	next.Compacted, next.Shards, next.UpdatedAt = &c.result, nil, c.result.CompactedAt
	if err := c.lake.store(&next); err != nil {
		return err
	}
	*c.manifest = next
	return c.lake.removeOrphans(c.manifest)
}

// findLosers finds the rows that another row of the same study supersedes: the
// newest body wins, by its date, then by the place where it was read. Without
// overlapping pages, which the counts of the manifest tell, there are none.
func (c *compaction) findLosers() error {
	rows := 0
	for _, shard := range c.manifest.Shards {
		rows += shard.Rows
	}
	if rows == c.manifest.Total {
		return nil
	}
	repeated, err := c.findRepeated()
	if err != nil {
		return err
	}
	c.losers = map[int]map[int]bool{}
	type place struct {
		date           string
		page, position int
	}
	winners := map[string]place{}
	return c.eachKey(func(page, position int, key *rowKey) error {
		if key.NCTID == "" {
			// The same bad record on two pages: the one read first stays.
			first, seen := winners[key.ContentHash]
			if !seen {
				winners[key.ContentHash] = place{page: page}
			} else if first.page != page {
				c.lose(page, position)
			}
			return nil
		}
		if number, _ := nctNumber(key.NCTID); !repeated.has(number) {
			return nil
		}
		challenger := place{key.LastUpdatePostDate, page, position}
		winner, seen := winners[key.NCTID]
		switch {
		case !seen:
			winners[key.NCTID] = challenger
		case challenger.date >= winner.date:
			c.lose(winner.page, winner.position)
			winners[key.NCTID] = challenger
		default:
			c.lose(page, position)
		}
		return nil
	})
}

func (c *compaction) lose(page, position int) {
	if c.losers[page] == nil {
		c.losers[page] = map[int]bool{}
	}
	c.losers[page][position] = true
	c.result.Superseded++
}

// findRepeated finds the studies that occur more than once.
func (c *compaction) findRepeated() (*idSet, error) {
	var seen, repeated idSet
	err := c.eachKey(func(_, _ int, key *rowKey) error {
		if number, ok := nctNumber(key.NCTID); ok && !seen.add(number) {
			repeated.add(number)
		}
		return nil
	})
	return &repeated, err
}

func (c *compaction) eachKey(visit func(page, position int, key *rowKey) error) error {
	for i, shard := range c.manifest.Shards {
		err := eachKey(c.lake.disk, c.dir, shard, func(position int, key *rowKey) error {
			return visit(i+1, position, key)
		})
		if err != nil {
			return &DamagedError{err}
		}
	}
	return nil
}

// merge writes the shards in the order of the manifest.
func (c *compaction) merge(ctx context.Context, w io.Writer) error {
	writer := newWriter(w, rewriteLevel)
	for i, shard := range c.manifest.Shards {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := c.mergeShard(writer, i+1, shard); err != nil {
			return fmt.Errorf("merge %s: %w", shard.File, err)
		}
		c.report(i + 1)
	}
	return writer.Close()
}

func (c *compaction) report(done int) {
	if c.progress != nil {
		c.progress(done, 2*len(c.manifest.Shards))
	}
}

func (c *compaction) mergeShard(writer *parquet.GenericWriter[Row], page int, shard Shard) error {
	if shard.Rows == 0 {
		return nil
	}
	file, err := openParquet(c.lake.disk, c.dir+"/"+shard.File, shard.Extent)
	if err != nil {
		return &DamagedError{err}
	}
	defer file.Close()
	groups := file.RowGroups()
	if len(groups) != 1 {
		return fmt.Errorf("%d row groups instead of one", len(groups))
	}
	if len(c.losers[page]) > 0 {
		return c.rewrite(writer, groups[0], c.losers[page])
	}
	if _, err := writer.WriteRowGroup(groups[0]); err != nil {
		return err
	}
	c.groups = append(c.groups, expectation{
		rows: int64(shard.Rows), digest: shard.Digest,
		copied: file.Metadata().RowGroups[0].TotalCompressedSize,
	})
	return writer.Flush()
}

// rewrite writes the rows of a group that are not superseded.
func (c *compaction) rewrite(writer *parquet.GenericWriter[Row], group parquet.RowGroup, losers map[int]bool) error {
	digest, position, rows := newDigest(), 0, int64(0)
	err := eachRow(group, func(row *Row) error {
		position++
		if losers[position] {
			return nil
		}
		digest.add(row)
		rows++
		_, err := writer.Write([]Row{*row})
		return err
	})
	if err != nil || rows == 0 {
		return err
	}
	c.groups = append(c.groups, expectation{rows: rows, digest: digest.String()})
	return writer.Flush()
}
