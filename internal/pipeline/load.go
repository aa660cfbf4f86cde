package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"apotheca/internal/flatten"
	"apotheca/internal/lake"
	"apotheca/internal/warehouse"
)

// StagingLoad says what one load is to do.
type StagingLoad struct {
	Warehouse warehouse.Warehouse
	// Lock must still hold when the new rows are swapped in; nil needs none.
	Lock warehouse.Lock
	Spec *flatten.Spec
	// Schema is where the tables are; empty is "staging".
	Schema string
	// Lake is the path of the compacted extract.
	Lake string
	// Content is what staging will say it holds.
	Content Content
}

// StagingLoaded is what one load did. Every count was taken in the warehouse.
type StagingLoaded struct {
	// Records of the extract: each is loaded or quarantined.
	Records     int64
	Loaded      int64
	Quarantined int64
	// Tables in the order of the mapping, the quarantine last.
	Tables []LoadedTable
	// Stream is the time from the first record to the last row, Check that of
	// the checks, Swap that of the transaction; Duration is that of all.
	Stream, Check, Swap, Duration time.Duration
}

// LoadStaging replaces the staging tables by what the mapping makes of an
// extract. See tableLoader for how.
func LoadStaging(ctx context.Context, o StagingLoad) (_ *StagingLoaded, err error) {
	o.Schema, o.Content.Noun = cmp.Or(o.Schema, "staging"), cmp.Or(o.Content.Noun, "studies")
	start := time.Now()
	reading, err := lake.OpenRows(o.Lake)
	if err != nil {
		return nil, fmt.Errorf("load %s: read extract: %w", o.Schema, err)
	}
	defer func() { err = errors.Join(err, reading.Close()) }()
	l := stagingLoader{StagingLoad: o, reading: reading, tableLoader: tableLoader{
		warehouse: o.Warehouse, lock: o.Lock, schema: o.Schema, content: o.Content, tables: o.Spec.Tables(),
	}}
	if err := l.tableLoader.load(ctx, &l); err != nil {
		return nil, err
	}
	l.done.Tables, l.done.Stream, l.done.Check, l.done.Swap = l.loaded, l.took[0], l.took[1], l.took[2]
	l.done.Duration = time.Since(start)
	return &l.done, nil
}

type stagingLoader struct {
	tableLoader
	StagingLoad
	reading *lake.Reading
	done    StagingLoaded
}
