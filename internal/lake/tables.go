package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"apotheca/internal/schema"
)

// Table is one table of an extract of files: a Parquet file.
type Table struct {
	Name string `json:"name"`
	File string `json:"file"`
	Rows int64  `json:"rows"`
	Extent
	RowGroups int `json:"row_groups"`
}

// Input is one file that was read: each of its records is a row or rejected.
type Input struct {
	Table      string    `json:"table"`
	File       string    `json:"file"`
	Bytes      int64     `json:"bytes"`
	ModifiedAt time.Time `json:"modified_at"`
	Records    int64     `json:"records"`
	Rejected   int64     `json:"rejected"`
}

// TableExtract is an extract of files that is being written. Its tables exist
// once it is finished, all at once, or never.
type TableExtract struct {
	writing
	mu     sync.Mutex
	tables []Table
}

// BeginTables starts an extract of files under a new id. What earlier ones
// left unfinished is removed: files are read again from their beginning.
func (l *Lake) BeginTables(source, dataTimestamp string) (*TableExtract, error) {
	e := &TableExtract{writing: writing{lake: l}}
	return e, e.begin(Manifest{Source: source, DataTimestamp: dataTimestamp})
}

var tableName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Create begins the file of a table. Several tables may be written at once.
func (e *TableExtract) Create(name string, columns []schema.Column) (*TableWriter, error) {
	if !tableName.MatchString(name) {
		return nil, fmt.Errorf("write table %q: no file is named so", name)
	}
	return newTableWriter(e, name, columns)
}

func (e *TableExtract) add(t Table) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tables = append(e.tables, t)
}

// Finish makes the tables that were closed the content of the extract.
func (e *TableExtract) Finish(inputs []Input) error {
	if len(e.tables) == 0 {
		return errors.New("finish extract: it has no tables")
	}
	next, now := e.manifest, e.lake.now().UTC()
	next.State, next.FinishedAt, next.Inputs = Success, &now, inputs
	next.Tables = slices.SortedFunc(slices.Values(e.tables), func(a, b Table) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for _, in := range inputs {
		next.Total += int(in.Records)
		next.Quarantined += int(in.Rejected)
	}
	if err := e.lake.disk.SyncDir(e.dir); err != nil {
		return fmt.Errorf("finish extract: %w", err)
	}
	if err := e.commit(next); err != nil {
		return fmt.Errorf("finish extract: %w", err)
	}
	return nil
}

// TablePath is the file of a table of an extract; empty where there is none.
func (l *Lake) TablePath(s Snapshot, name string) string {
	for _, t := range s.Tables {
		if t.Name == name {
			return filepath.FromSlash(l.path(s.ID) + "/" + t.File)
		}
	}
	return ""
}

// checkTables refuses a manifest of tables that could not have been written.
func (m *Manifest) checkTables() error {
	if m.State != Success || m.Compacted != nil || m.Pages > 0 {
		return errors.New("tables, but not a finished extract of files")
	}
	for _, t := range m.Tables {
		if !tableName.MatchString(t.Name) || t.File != tableFile(t.Name) || t.Rows < 0 || t.Bytes < 0 {
			return fmt.Errorf("table %q is not one of an extract of files", t.Name)
		}
	}
	return nil
}

func tableFile(name string) string { return name + ".parquet" }

// digestOf is a digest over the files of tables. What is written depends on
// nothing but the rows and their order.
func digestOf(tables []Table) string {
	sum := sha256.New()
	for _, t := range tables {
		fmt.Fprintf(sum, "%s %d %d %s\n", t.Name, t.Rows, t.Bytes, t.CRC32C)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
