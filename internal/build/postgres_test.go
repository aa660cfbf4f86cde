package build_test

import (
	"os"
	"strings"
	"testing"

	"apotheca/internal/build"
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

// dbt fails here: it takes all types that a database or an extension made for
// one, USER-DEFINED, which no statement takes.
func TestTypesOfTheDatabase(t *testing.T) {
	t.Parallel()
	const config = "{{ config(materialized='incremental', on_schema_change='append_new_columns') }}\n"
	s := newPostgresShop(t, "-- models/m.sql --\n"+config+"select 1 as k")
	s.exec("create schema s; create type s.mood as enum ('sad', 'glad')")
	s.succeeds(build.RunAll)
	s.write("-- models/m.sql --\n" + config + "select 2 as k, 'glad'::s.mood as came, timestamp(0) '2024-01-02 03:04:05' as at, array['sad']::s.mood[] as many")
	s.succeeds(build.RunAll)
	s.wantRows("select * from s.m order by k", "1 NULL NULL NULL", "2 glad 2024-01-02 03:04:05 {sad}")
	s.wantRows("select attname, format_type(atttypid, atttypmod) from pg_attribute where attrelid = 's.m'::regclass and attnum > 1 order by attnum",
		"came s.mood", "at timestamp(0) without time zone", "many s.mood[]")
}

func TestContractOverTypesOfTheDatabase(t *testing.T) {
	t.Parallel()
	s := newPostgresShop(t, `
-- models/m.sql --
select 'glad'::s.mood as m, 1 as n
-- models/n.sql --
select 'glad'::s.mood as m
-- models/properties.yml --
models:
  - name: m
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - {name: m, data_type: s.mood}
      - {name: n, data_type: int}
  - name: n
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - {name: m, data_type: text}
`)
	s.exec("create schema s; create type s.mood as enum ('sad', 'glad')")
	results := s.run(build.RunAll)
	s.wantStatuses(results, map[string]string{"m": "success", "n": "error: This model has an enforced contract"})
	if got := s.result(results, "n").Message; !strings.Contains(got, "s.mood") {
		t.Errorf("message = %q, want the type's name in it", got)
	}
}

func TestOtherDatabaseOfPostgres(t *testing.T) {
	t.Parallel()
	s := newPostgresShop(t, "-- models/m.sql --\n{{ config(database='elsewhere') }} select 1 as k")
	if _, err := s.runIn(t.Context(), build.RunAll); err == nil || !strings.Contains(err.Error(), "Cross-db references not allowed in postgres (elsewhere vs ") {
		t.Errorf("error %v, want the databases' names", err)
	}
}
