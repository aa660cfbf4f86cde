package postgres_test

import (
	"os"
	"testing"

	"apotheca/internal/warehouse"
	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
	"apotheca/internal/warehouse/warehousetest"
)

// server is for all tests that do not harm it.
var server = postgrestest.Shared()

func TestMain(m *testing.M) {
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
