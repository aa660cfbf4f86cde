package postgres_test

import (
	"os"
	"strings"
	"testing"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
	"apotheca/internal/warehouse/warehousetest"
)

// server is for all tests that do not harm it.
var server = postgrestest.Shared()

// TestMain keeps the machine's own settings of PostgreSQL out of the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PG") {
			_ = os.Unsetenv(name)
		}
	}
	_ = os.Setenv("PGPASSFILE", os.DevNull)
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

func open(t *testing.T, o postgres.Options) *postgres.Warehouse {
	t.Helper()
	w, err := postgres.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

func TestSuite(t *testing.T) {
	t.Parallel()
	warehousetest.Run(t, func(t *testing.T) warehouse.Warehouse { return open(t, server.Database(t)) })
}

func fetch(t *testing.T, w *postgres.Warehouse, sql string) warehouse.Table {
	t.Helper()
	conn, err := w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	table, err := warehouse.Fetch(t.Context(), conn, -1, sql)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
