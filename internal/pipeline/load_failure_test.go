package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/pipeline"
	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// breaking is a warehouse in which the load of one table meets something.
type breaking struct {
	warehouse.Warehouse
	table string
	after int // rows
	meets func() error
}

func (b breaking) Conn(ctx context.Context) (warehouse.Conn, error) {
	conn, err := b.Warehouse.Conn(ctx)
	return breakingConn{conn, b}, err
}

type breakingConn struct {
	warehouse.Conn
	breaking breaking
}

func (c breakingConn) Load(ctx context.Context, table warehouse.Relation, columns []schema.Column, rows iter.Seq2[[]any, error]) (int64, error) {
	if table.Name != c.breaking.table {
		return c.Conn.Load(ctx, table, columns, rows)
	}
	return c.Conn.Load(ctx, table, columns, func(yield func([]any, error) bool) {
		count := 0
		for row, err := range rows {
			if count++; count == c.breaking.after && err == nil {
				err = c.breaking.meets()
			}
			if !yield(row, err) {
				return
			}
		}
	})
}

// manyRecords fill several row groups.
func manyRecords(count int) []lakeRecord {
	records := make([]lakeRecord, count)
	for i := range records {
		records[i] = lakeRecord{
			nctID: fmt.Sprintf("NCT%08d", i), page: 1 + i/1000, position: i % 1000, study: studyWith(i, "", ""),
		}
	}
	return records
}

// A load that fails in the middle of the stream, in one of its tables, by
// cancellation or in the file, leaves the tables of the last load, and
// nothing of its own.
func TestLoadStagingFailsInTheStream(t *testing.T) {
	t.Parallel()
	w := openMemory(t)
	first := []lakeRecord{{page: 1, position: 1, nctID: "NCT00000001", study: studyWith(1, "", "")}}
	loadRecords(t, w, first)
	file := writeLake(t, w, manyRecords(9000))
	full, lost := errors.New("disk full"), errors.New("user gave up")

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	damaged := damage(t, file)
	for name, test := range map[string]struct {
		ctx  context.Context
		w    warehouse.Warehouse
		lake string
		want error
	}{
		"the first table":  {t.Context(), breaking{w, "studies__load", 5000, func() error { return full }}, file, full},
		"the last table":   {t.Context(), breaking{w, "study_sites__load", 7000, func() error { return full }}, file, full},
		"a cancelled load": {ctx, breaking{w, "studies__load", 3000, func() error { cancel(lost); return nil }}, file, lost},
		"a damaged file":   {t.Context(), w, damaged, nil},
	} {
		_, err := pipeline.LoadStaging(test.ctx, pipeline.StagingLoad{Warehouse: test.w, Spec: spec(t), Lake: test.lake, Content: pipeline.Content{ExtractID: "extract-2"}})
		if err == nil || !errors.Is(err, test.want) && test.want != nil {
			t.Errorf("%s: load = %v, want %v", name, err, test.want)
		}
		compareWithOracle(t, w, first)
		if diff := cmp.Diff([][]any{{"loaded_extract"}, {"quarantine"}, {"studies"}, {"study_conditions"}, {"study_interventions"}, {"study_sites"}, {"study_sponsors"}},
			query(t, w, "select table_name from duckdb_tables() where schema_name = 'staging' order by all")); diff != "" {
			t.Errorf("%s: tables (-want +got):\n%s", name, diff)
		}
	}
}

// damage overwrites a part of the file behind its first row groups.
func damage(t *testing.T, path string) string {
	t.Helper()
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(bytes) / 2; i < len(bytes)/2+len(bytes)/8; i++ {
		bytes[i] ^= 0x55
	}
	path += ".damaged"
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What a load left that died is in nobody's way.
func TestLoadStagingDropsLeftovers(t *testing.T) {
	t.Parallel()
	w := openMemory(t)
	execute(t, w, "create schema staging; create table staging.studies__load (x integer); insert into staging.studies__load values (1);"+
		"create table staging.quarantine__load as select 'a' as y")
	records := manyRecords(3)
	loadRecords(t, w, records)
	compareWithOracle(t, w, records)
	if left := query(t, w, "select table_name from duckdb_tables() where table_name like '%\\_\\_load' escape '\\'"); len(left) > 0 {
		t.Errorf("the load left %v", left)
	}
}

// The order of the rows is that of the file, however many row groups are
// flattened at once.
func TestLoadStagingKeepsTheOrder(t *testing.T) {
	t.Parallel()
	w := openMemory(t)
	records := manyRecords(9000)
	loadRecords(t, w, records)
	for i, row := range query(t, w, "select nct_id from staging.studies order by rowid") {
		if row[0] != records[i].nctID {
			t.Fatalf("row %d is of %v, want %s", i, row[0], records[i].nctID)
		}
	}
}
