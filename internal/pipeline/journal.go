package pipeline

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// Journal is the record and the log of every run of a data folder.
type Journal struct {
	layout Layout
	mask   func(string) string // over what is written; nil for none
}

// NewJournal names the journal of a data folder. Its folders are made when the
// first record is written.
func NewJournal(l Layout) Journal { return Journal{layout: l} }

// Write replaces the run's record in one step.
func (j Journal) Write(r *Record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode run record %s: %w", r.RunID, err)
	}
	if j.mask != nil {
		text = []byte(j.mask(string(text)))
	}
	if err := os.MkdirAll(j.layout.Runs(), 0o755); err != nil {
		return fmt.Errorf("make folder of run records: %w", err)
	}
	if err := renameio.WriteFile(j.layout.Record(r.RunID), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write run record %s: %w", r.RunID, err)
	}
	return nil
}

// Records reads the pipeline's records, the newest first; every pipeline's
// when the name is empty. A run whose process is gone reads as interrupted.
// A record that cannot be read keeps nobody from the others: it is named.
func (j Journal) Records(pipeline string) (records []*Record, unreadable []error, err error) {
	entries, err := os.ReadDir(j.layout.Runs())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read run records: %w", err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		r, err := j.read(entry.Name())
		switch {
		case errors.Is(err, fs.ErrNotExist): // pruned meanwhile
		case err != nil:
			unreadable = append(unreadable, err)
		case pipeline == "" || r.Pipeline == pipeline:
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b *Record) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.RunID, a.RunID))
	})
	return records, unreadable, nil
}

func (j Journal) read(name string) (*Record, error) {
	path := filepath.Join(j.layout.Runs(), name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read run record: %w", err)
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("read run record %s: %w", path, err)
	}
	if r.Status == Running && !isAlive(j.layout.Log(r.RunID), r.PID) {
		r.interrupt(fmt.Sprintf("process %d ended without a word", r.PID))
	}
	return &r, nil
}

// Prune deletes the records and logs of the pipeline's oldest runs beyond the
// newest keep.
func (j Journal) Prune(pipeline string, keep int) error {
	records, _, err := j.Records(pipeline)
	if err != nil || len(records) <= keep {
		return err
	}
	for _, r := range records[keep:] {
		for _, path := range []string{j.layout.Log(r.RunID), j.layout.Record(r.RunID)} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("prune run records: %w", err)
			}
		}
	}
	return nil
}
