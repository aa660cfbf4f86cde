package warehousetest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"apotheca/internal/schema"
	"apotheca/internal/warehouse"
)

// Open gives a test an empty warehouse and closes it when the test ends.
type Open func(t *testing.T) warehouse.Warehouse

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		test func(*bench)
	}{
		{"Types", testTypes},
		{"Awkward", testAwkwardValues},
		{"LocalTimes", testLocalTimes},
		{"EmptyTable", testEmptyTable},
		{"LongNames", testLongNames},
		{"HostileIdentifiers", testHostileIdentifiers},
		{"SeveralStatements", testSeveralStatements},
		{"RowCounts", testRowCounts},
		{"LoadIsAtomic", testLoadIsAtomic},
		{"LoadRefusesWhatDoesNotFit", testLoadRefuses},
		{"LoadManyRows", testLoadManyRows},
		{"LoadEveryType", testLoadEveryType},
		{"LoadConverts", testLoadConverts},
		{"LoadStops", testLoadStops},
		{"Commit", testCommit},
		{"Rollback", testRollback},
		{"RollbackOnPanic", testRollbackOnPanic},
		{"KeptOrNot", testKeptOrNot},
		{"Swap", testSwap},
		{"SwapUnderReaders", testSwapUnderReaders},
		{"Catalog", testCatalog},
		{"Cancel", testCancel},
		{"LeaveEarly", testLeaveEarly},
		{"Sessions", testSessions},
		{"Errors", testErrors},
		{"FailsInTheMiddle", testFailsInTheMiddle},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(newBench(t, open(t)))
		})
	}
}

// bench is a test's place to work: a session and a schema of its own.
type bench struct {
	*testing.T
	warehouse warehouse.Warehouse
	dialect   warehouse.Dialect
	conn      warehouse.Conn
	database  string
}

const schemaName = "suite"

func newBench(t *testing.T, w warehouse.Warehouse) *bench {
	b := &bench{T: t, warehouse: w, dialect: w.Dialect()}
	b.conn = b.session()
	b.exec("create schema " + b.dialect.Quote(schemaName))
	b.database = b.fetch("select current_database()").Rows[0][0].(string)
	return b
}

func (b *bench) session() warehouse.Conn {
	b.Helper()
	conn, err := b.warehouse.Conn(b.Context())
	if err != nil {
		b.Fatalf("open session: %v", err)
	}
	b.Cleanup(func() {
		if err := conn.Close(); err != nil {
			b.Errorf("close session: %v", err)
		}
	})
	return conn
}

func (b *bench) relation(name string) warehouse.Relation {
	return warehouse.Relation{Schema: schemaName, Name: name}
}

func (b *bench) quoted(name string) string { return b.dialect.QuoteRelation(b.relation(name)) }

func (b *bench) exec(sql string, args ...any) warehouse.Result {
	b.Helper()
	result, err := b.conn.Exec(b.Context(), sql, args...)
	if err != nil {
		b.Fatalf("exec %s: %v", sql, err)
	}
	return result
}

func (b *bench) fetch(sql string, args ...any) warehouse.Table {
	b.Helper()
	table, err := warehouse.Fetch(b.Context(), b.conn, -1, sql, args...)
	if err != nil {
		b.Fatalf("query %s: %v", sql, err)
	}
	return table
}

// count is the number of rows of a table of the suite's schema.
func (b *bench) count(name string) int64 {
	b.Helper()
	return b.fetch("select count(*) from " + b.quoted(name)).Rows[0][0].(int64)
}

func (b *bench) create(name string, columns ...schema.Column) {
	b.Helper()
	sql, err := b.dialect.CreateTable(b.relation(name), columns)
	if err != nil {
		b.Fatal(err)
	}
	b.exec(sql)
}

func (b *bench) load(name string, columns []schema.Column, rows ...[]any) {
	b.Helper()
	got, err := b.conn.Load(b.Context(), b.relation(name), columns, sequence(rows, nil))
	if err != nil {
		b.Fatalf("load %s: %v", name, err)
	}
	if want := int64(len(rows)); got != want {
		b.Fatalf("load %s = %d rows, want %d", name, got, want)
	}
}

func (b *bench) equal(want, got any) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("(-want +got):\n%s", diff)
	}
}

// sequence yields rows and then, when there is one, an error.
func sequence(rows [][]any, err error) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(slices.Clone(row), nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

var errSource = errors.New("the source broke")

func column(name string, t schema.Type) schema.Column {
	return schema.Column{Name: name, Type: t, Nullable: true}
}

func cancelled(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	cancel()
	return ctx
}
