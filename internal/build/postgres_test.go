package build_test

import (
	"os"
	"testing"

	"apotheca/internal/warehouse/postgres"
	"apotheca/internal/warehouse/postgrestest"
)

var server = postgrestest.Shared()

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// newPostgresShop is newShop on a database of its own.
func newPostgresShop(t *testing.T, archive string) *shop {
	t.Helper()
	options := server.Database(t)
	return newShopAt(t, options, archive)
}

func newShopAt(t *testing.T, options postgres.Options, archive string) *shop {
	t.Helper()
	w, err := postgres.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return newShopOn(t, w, postgresCredentials(options), archive)
}

func postgresCredentials(o postgres.Options) map[string]any {
	return map[string]any{
		"type": "postgres", "host": o.Host, "port": int(o.Port), "user": o.User, "password": o.Password,
		"dbname": o.Database, "schema": "s", "threads": 1,
	}
}
