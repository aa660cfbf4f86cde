package pipeline_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/flatten"
	"apotheca/internal/pipeline"
	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/duckdb"
)

// Every real study must arrive with every value of every table: the oracle
// walks the same JSON with encoding/json and knows nothing of SQL.
func TestLoadStagingRealStudies(t *testing.T) {
	t.Parallel()
	var records []lakeRecord
	for i, study := range realStudies(t) {
		records = append(records, studyRecord(t, 1+i/1000, i%1000, study))
	}
	w := openMemory(t)
	loaded := loadRecords(t, w, records)
	if loaded.Records != 1591 || loaded.Loaded != 1591 || loaded.Quarantined != 0 {
		t.Errorf("loaded %d of %d records and quarantined %d, want 1591, 1591 and 0", loaded.Loaded, loaded.Records, loaded.Quarantined)
	}
	compareWithOracle(t, w, records)
}

func spec(t testing.TB) *flatten.Spec {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "projects/clinical_trials/flatten.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := flatten.ParseSpec("flatten.yml", text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openMemory(t testing.TB) warehouse.Warehouse {
	t.Helper()
	w, err := duckdb.Open(t.Context(), duckdb.Options{TempDirectory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// loadRecords writes a lake file of the records and loads it.
func loadRecords(t testing.TB, w warehouse.Warehouse, records []lakeRecord) *pipeline.StagingLoaded {
	t.Helper()
	loaded, err := pipeline.LoadStaging(t.Context(), pipeline.StagingLoad{
		Warehouse: w, Spec: spec(t), Lake: writeLake(t, w, records), Content: pipeline.Content{ExtractID: "extract-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// lakeRecord is a row of a compacted extract.
type lakeRecord struct {
	nctID          string // empty when there is a problem
	page, position int
	problem        string
	study          string
}

func studyRecord(t testing.TB, page, position int, study string) lakeRecord {
	t.Helper()
	var body struct {
		ProtocolSection struct {
			IdentificationModule struct{ NctID string }
		}
	}
	if err := json.Unmarshal([]byte(study), &body); err != nil {
		t.Fatal(err)
	}
	return lakeRecord{nctID: body.ProtocolSection.IdentificationModule.NctID, page: page, position: position, study: study}
}

func (r lakeRecord) contentHash() string { return fmt.Sprintf("hash-%d-%d", r.page, r.position) }

// writeLake writes the records as the lake's compacted file.
func writeLake(t testing.TB, w warehouse.Warehouse, records []lakeRecord) string {
	t.Helper()
	dir := t.TempDir()
	lines, err := os.Create(filepath.Join(dir, "records.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(lines)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for _, r := range records {
		row := map[string]any{"page": r.page, "position": r.position, "content_hash": r.contentHash(), "study": r.study}
		if r.nctID != "" {
			row["nct_id"] = r.nctID
		}
		if r.problem != "" {
			row["problem"] = r.problem
		}
		if err := encoder.Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Flush(), lines.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "studies.parquet")
	execute(t, w, `copy (
    select nct_id, page, position, content_hash, problem, study, timestamptz '2026-11-20 00:00:00+00' as fetched_at
    from read_json(`+warehouse.StringLiteral(lines.Name())+`, format = 'newline_delimited', maximum_object_size = 100000000, columns = {
        nct_id: 'varchar', page: 'integer', position: 'integer', content_hash: 'varchar', problem: 'varchar', study: 'varchar'})
) to `+warehouse.StringLiteral(path)+` (format parquet, compression zstd, row_group_size 2048)`)
	return path
}

func execute(t testing.TB, w warehouse.Warehouse, sql string) {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func query(t testing.TB, w warehouse.Warehouse, sql string) [][]any {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	table, err := warehouse.Fetch(context.WithoutCancel(t.Context()), conn, -1, sql)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return table.Rows
}

// compareWithOracle holds every table against what the oracle makes of the
// records.
func compareWithOracle(t *testing.T, w warehouse.Warehouse, records []lakeRecord) {
	t.Helper()
	want := oracle(records)
	for _, table := range spec(t).Tables() {
		if table.Name == flatten.Quarantine {
			continue
		}
		var columns []string
		for _, c := range table.Columns {
			columns = append(columns, `"`+c.Name+`"`)
		}
		got := query(t, w, "select "+strings.Join(columns, ", ")+" from staging."+table.Name+" order by "+strings.Join(table.Key, ", "))
		if diff := cmp.Diff(want[table.Name], got); diff != "" {
			t.Errorf("rows of %s (-want +got):\n%.4000s", table.Name, diff)
		}
	}
}

// repository is the folder of go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// realStudies are the studies that lie beside the repository.
func realStudies(t testing.TB) []string {
	t.Helper()
	path := filepath.Join(repository(t), "../shared/data/ctgov/studies.ndjson.gz")
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("real studies are not there: %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var studies []string
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		studies = append(studies, lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return studies
}
