package lake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
)

// State says where an extract stands.
type State string

// The states of an extract.
const (
	InProgress State = "in_progress"
	Failure    State = "failure"
	Success    State = "success"
)

// Manifest is the one description of an extract. On disk it is JSON, replaced
// whole at every step.
type Manifest struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	State   State  `json:"state"`

	Source        string `json:"source"`
	APIVersion    string `json:"api_version,omitempty"`
	DataTimestamp string `json:"data_timestamp"`

	StartedAt  time.Time  `json:"started_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	// Reason says why this pass was begun, when it repeats another.
	Reason string `json:"reason,omitempty"`
	// Problem says what ended the last attempt, in state failure.
	Problem *Problem `json:"failure,omitempty"`

	// Total is what the registry announced; -1 before the first page.
	Total int `json:"total"`
	Pages int `json:"pages"`
	// Studies counts distinct NCT ids, Quarantined records that are none.
	Studies     int `json:"studies"`
	Quarantined int `json:"quarantined"`
	// Cursor points at the page to be read next. It is empty before the first
	// page and after the last one; Pages tells which.
	Cursor string `json:"cursor,omitempty"`

	// Shards are the pages in order; none once they are compacted.
	Shards []Shard `json:"shards,omitempty"`
	// Compacted is the one file they became.
	Compacted *Compacted `json:"compacted,omitempty"`

	// Tables are those of an extract of files, and Inputs the files. Such an
	// extract has neither pages nor studies; Total counts the records.
	Tables []Table `json:"tables,omitempty"`
	Inputs []Input `json:"inputs,omitempty"`
}

// Problem is where and why an extract failed.
type Problem struct {
	Page  int       `json:"page,omitempty"`
	Cause string    `json:"cause"`
	At    time.Time `json:"at"`
}

// Shard is one page on disk.
type Shard struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
	Extent
	// Digest covers every row: see rowDigest.
	Digest string `json:"digest"`
	// Cursor is the token the page was read with; while the pass runs, it
	// tells whether a token comes back.
	Cursor string `json:"cursor,omitempty"`
}

// Extent is what a file's bytes must be.
type Extent struct {
	Bytes  int64  `json:"bytes"`
	CRC32C string `json:"crc32c"`
}

// Compacted is the finished file of an extract.
type Compacted struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
	Extent
	// Digest covers the content of all rows in their order. Two extracts with
	// equal digests hold the same, whenever and in how many attempts they came.
	Digest    string `json:"digest"`
	RowGroups int    `json:"row_groups"`
	// Copied counts the row groups that went over without being compressed anew.
	Copied int `json:"row_groups_copied"`
	// Superseded counts the rows that gave way to a newer body of their study.
	Superseded  int       `json:"rows_superseded"`
	CompactedAt time.Time `json:"compacted_at"`
}

const (
	manifestVersion = 1
	manifestFile    = "manifest.json"
	compactedFile   = "studies.parquet"
)

// Loadable reports whether the extract is complete, compacted and verified.
// Tables are written as one file each; there is nothing to compact.
func (m *Manifest) Loadable() bool {
	return m.State == Success && (m.Compacted != nil || len(m.Tables) > 0)
}

// Digest covers what the extract holds: extracts with one digest hold the same.
func (m *Manifest) Digest() string {
	if m.Compacted != nil {
		return m.Compacted.Digest
	}
	return digestOf(m.Tables)
}

// exhausted reports whether the last page was read.
func (m *Manifest) exhausted() bool { return m.Pages > 0 && m.Cursor == "" }

func shardFile(page int) string { return fmt.Sprintf("shard-%06d.parquet", page) }

// marshal gives the bytes of the manifest, one shard per line.
func (m *Manifest) marshal() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return append(text, '\n'), nil
}

// parseManifest reads a manifest and refuses one that this program could not
// have written: it decides which files are removed.
func parseManifest(text []byte) (*Manifest, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var m Manifest
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("not JSON of a manifest: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the manifest")
	}
	if m.Version != manifestVersion {
		return nil, fmt.Errorf("version %d is not %d, the one this program writes", m.Version, manifestVersion)
	}
	return &m, m.check()
}

var extractID = regexp.MustCompile(`^[0-9]{6,}$`)

func (m *Manifest) check() error {
	switch {
	case !extractID.MatchString(m.ID):
		return fmt.Errorf("id %q is not an extract's", m.ID)
	case m.State != InProgress && m.State != Failure && m.State != Success:
		return fmt.Errorf("state %q is not known", m.State)
	case m.Total < -1 || m.Pages < 0 || m.Studies < 0 || m.Quarantined < 0:
		return errors.New("a count is negative")
	case m.Compacted != nil && (m.State != Success || m.Compacted.File != compactedFile || len(m.Shards) > 0):
		return errors.New("compacted, but not a finished extract of one file")
	case m.Compacted == nil && len(m.Shards) != m.Pages:
		return fmt.Errorf("%d shards for %d pages", len(m.Shards), m.Pages)
	case len(m.Tables) > 0:
		return m.checkTables()
	case m.State == Success && (m.Cursor != "" || m.Studies+m.Quarantined != m.Total):
		return errors.New("success, but not complete")
	}
	for i, shard := range m.Shards {
		if shard.File != shardFile(i+1) || shard.Rows < 0 || shard.Bytes < 0 {
			return fmt.Errorf("shard %d is not the one of page %d", i+1, i+1)
		}
	}
	return nil
}
