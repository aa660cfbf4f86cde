package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Extract is a pass that is being written. After an error only Fail may be
// called; to go on, resume it.
type Extract struct {
	writing
	ids *idSet
	bad map[string]int // hash of a quarantined record → the page it was first on
}

// Page is one page of the registry, as the lake takes it.
type Page struct {
	Records []json.RawMessage
	// Cursor is the token the page was read with, Next the one it gave.
	Cursor, Next string
	// Total is what the registry announced, below 0 where it did not.
	Total     int
	FetchedAt time.Time
}

// PageError is a page that cannot belong to a pass which ends well.
type PageError struct {
	Page  int
	Cause string
}

func (e *PageError) Error() string { return fmt.Sprintf("page %d: %s", e.Page, e.Cause) }

// IncompleteError says that the pass read all pages and not all studies.
type IncompleteError struct{ Total, Studies, Quarantined, Pages int }

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("page %d was the last, but the registry announced %d studies, and "+
		"%d distinct ones and %d quarantined records came",
		e.Pages, e.Total, e.Studies, e.Quarantined)
}

// DamagedError says that a file of an extract is not what the manifest says.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string { return "the extract is damaged: " + e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

// Manifest is where the extract stands, as last committed.
func (w *writing) Manifest() Manifest { return w.manifest }

// Exhausted reports whether the last page was read.
func (e *Extract) Exhausted() bool { return e.manifest.exhausted() }

// Resume takes up an unfinished extract where its manifest says: it removes
// what is not in the manifest and counts again what is.
func (l *Lake) Resume(id string) (*Extract, error) {
	m, err := l.manifest(id)
	if err != nil {
		return nil, err
	}
	if m.State == Success {
		return nil, fmt.Errorf("resume extract %s: it is finished", id)
	}
	e := &Extract{writing: writing{lake: l, dir: l.path(id), manifest: *m}, ids: &idSet{}, bad: map[string]int{}}
	if err := l.removeOrphans(m); err != nil {
		return nil, fmt.Errorf("resume extract %s: %w", id, err)
	}
	for i, shard := range m.Shards {
		err := eachKey(l.disk, e.dir, shard, func(_ int, key *rowKey) error {
			_, err := e.count(i+1, key.NCTID, key.ContentHash)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("resume extract %s: %w", id, &DamagedError{err})
		}
	}
	if e.ids.len != m.Studies || len(e.bad) > m.Quarantined {
		return nil, fmt.Errorf("resume extract %s: %w", id, &DamagedError{fmt.Errorf(
			"%d studies instead of %d", e.ids.len, m.Studies)})
	}
	next := *m
	next.State, next.Problem = InProgress, nil
	if err := e.commit(next); err != nil {
		return nil, fmt.Errorf("resume extract %s: %w", id, err)
	}
	return e, nil
}

// removeOrphans removes what a crash left: files of ours that the manifest
// does not name. Files of others are left alone.
func (l *Lake) removeOrphans(m *Manifest) error {
	named := map[string]bool{manifestFile: true}
	for _, shard := range m.Shards {
		named[shard.File] = true
	}
	if m.Compacted != nil {
		named[m.Compacted.File] = true
	}
	dir := l.path(m.ID)
	entries, err := l.disk.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		ours := strings.HasPrefix(name, "shard-") || strings.HasSuffix(name, temporary) || name == compactedFile
		if named[name] || !ours {
			continue
		}
		if err := l.disk.RemoveAll(dir + "/" + name); err != nil {
			return err
		}
	}
	return nil
}

// Append writes a page as a shard and commits it together with the cursor of
// the next page. Either both are there afterwards, or neither.
func (e *Extract) Append(page Page) error {
	number := e.manifest.Pages + 1
	if page.Cursor != e.manifest.Cursor || e.Exhausted() {
		return fmt.Errorf("append page %d: it is not the page that comes next", number)
	}
	next := e.manifest
	if number == 1 {
		next.Total = page.Total
	}
	rows := rowsOf(number, page.Records, page.FetchedAt)
	if err := e.tally(&next, rows, number); err != nil {
		return err
	}
	if cause := e.unending(&next, page); cause != "" {
		return &PageError{Page: number, Cause: cause}
	}
	shard, err := writeShard(e.lake.disk, e.dir, number, rows)
	if err != nil {
		return fmt.Errorf("append page %d: %w", number, err)
	}
	shard.Cursor = page.Cursor
	next.Pages, next.Cursor = number, page.Next
	next.Shards = append(next.Shards, shard)
	if err := e.commit(next); err != nil {
		return fmt.Errorf("append page %d: %w", number, err)
	}
	return nil
}

// tally counts what is new on a page.
func (e *Extract) tally(m *Manifest, rows []Row, page int) error {
	for i := range rows {
		isNew, err := e.count(page, rows[i].NCTID, rows[i].ContentHash)
		switch {
		case err != nil:
			return err
		case isNew && rows[i].NCTID != "":
			m.Studies++
		case isNew:
			m.Quarantined++
		}
	}
	return nil
}

// count reports whether a record was not there on an earlier page. A study is
// known by its id. A quarantined record has none: the same bytes on one page
// are two records, on two pages they are one that was read twice.
func (e *Extract) count(page int, id, hash string) (bool, error) {
	if id == "" {
		first, seen := e.bad[hash]
		if !seen {
			e.bad[hash] = page
		}
		return !seen || first == page, nil
	}
	number, ok := nctNumber(id)
	if !ok {
		return false, fmt.Errorf("%q is not an NCT id", id)
	}
	return e.ids.add(number), nil
}

// unending says why a pass with this page would not end, or not end well. The
// pages of a pass that passes here are at most as many as its studies.
func (e *Extract) unending(next *Manifest, page Page) string {
	brought := next.Studies + next.Quarantined
	before := e.manifest.Studies + e.manifest.Quarantined
	switch {
	case next.Total < 0:
		return "the registry did not announce how many studies there are"
	case len(page.Records) == 0 && page.Next != "":
		return "it has no studies and yet a next page token"
	case len(page.Records) > 0 && brought == before:
		return fmt.Sprintf("no progress: all of its %d records were on earlier pages", len(page.Records))
	case brought > next.Total:
		return fmt.Sprintf("more studies than possible: %d came, the registry announced %d", brought, next.Total)
	case page.Next != "" && page.Next == page.Cursor:
		return "its next page token is the one it was read with"
	}
	for i, shard := range e.manifest.Shards {
		if page.Next != "" && page.Next == shard.Cursor {
			return fmt.Sprintf("its next page token is repeated: it led to page %d", i+1)
		}
	}
	return ""
}

// Finish declares the pass complete, if it is.
func (e *Extract) Finish() error {
	m := &e.manifest
	if !e.Exhausted() {
		return errors.New("finish extract: the last page was not read")
	}
	if m.Studies+m.Quarantined != m.Total {
		return &IncompleteError{Total: m.Total, Studies: m.Studies, Quarantined: m.Quarantined, Pages: m.Pages}
	}
	next, now := *m, e.lake.now().UTC()
	next.State, next.FinishedAt = Success, &now
	next.Shards = make([]Shard, len(m.Shards))
	for i, shard := range m.Shards {
		shard.Cursor = "" // a token outlives its pass only to mislead
		next.Shards[i] = shard
	}
	if err := e.commit(next); err != nil {
		return fmt.Errorf("finish extract: %w", err)
	}
	return nil
}

// Fail records on which page (0 for none) and why the attempt ended.
func (w *writing) Fail(page int, cause error) error {
	next := w.manifest
	next.State = Failure
	next.Problem = &Problem{Page: page, Cause: cause.Error(), At: w.lake.now().UTC()}
	if err := w.commit(next); err != nil {
		return fmt.Errorf("record failure: %w", err)
	}
	return nil
}

// commit makes next the state of the extract, on disk and then here.
func (w *writing) commit(next Manifest) error {
	next.UpdatedAt = w.lake.now().UTC()
	if err := w.lake.store(&next); err != nil {
		return err
	}
	w.manifest = next
	return nil
}

func (l *Lake) store(m *Manifest) error {
	text, err := m.marshal()
	if err != nil {
		return err
	}
	return replaceFile(l.disk, l.path(m.ID), manifestFile, text)
}
