package build_test

import (
	"strings"
	"testing"

	"apotheca/internal/build"
)

func TestSeedTypesAndNulls(t *testing.T) {
	t.Parallel()
	s := newShop(t, `
-- dbt_project.yml --
name: shop
profile: shop
seeds:
  +column_types: {zip: varchar, big: bigint}
-- seeds/places.csv --
zip,big,n,x,day,at,flag,Name with "quotes"
007,9000000000,1,1.5,2024-02-29,2024-02-29 10:11:12,true,Zürich
,,null,,,,,
`)
	s.succeeds(build.Seed)
	s.wantRows("select * from s.places", "007 9000000000 1 1.5 2024-02-29 2024-02-29 10:11:12 true Zürich", "NULL NULL NULL NULL NULL NULL NULL NULL")
	s.wantRows("select data_type from duckdb_columns() where table_name = 'places' order by column_index",
		"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN", "VARCHAR")
}

func TestSeedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- seeds/p.csv --\na,b\n1,x\n2,y\n")
	first := s.result(s.succeeds(build.Seed), "p")
	if first.Response != "INSERT 2" {
		t.Errorf("response = %q, want INSERT 2", first.Response)
	}
	s.write("-- seeds/p.csv --\na,b\n3,z\n")
	s.succeeds(build.Seed)
	s.wantRows("select * from s.p", "3 z")

	s.write("-- seeds/p.csv --\na,c\n4,z\n")
	results := s.run(build.Seed)
	if got := s.result(results, "p").Message; !strings.Contains(got, "the header changed") || !strings.Contains(got, "--full-refresh") {
		t.Errorf("message = %q, want the changed header and what to type", got)
	}
	s.wantRows("select * from s.p", "3 z")

	s.fullRefresh = true
	if got := s.result(s.succeeds(build.Seed), "p").Response; got != "CREATE 1" {
		t.Errorf("response = %q, want CREATE 1", got)
	}
	s.wantRows("select a, c from s.p", "4 z")
}

func TestSeedThatDoesNotFit(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- seeds/p.csv --\na\n1\n")
	s.succeeds(build.Seed)
	s.write("-- seeds/p.csv --\na\n2\n99999999999\n")
	s.wantStatuses(s.run(build.Seed), map[string]string{"p": "error: "})
	s.wantRows("select * from s.p", "1")
}

func TestSeedOverAView(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- seeds/p.csv --\na\n1\n")
	s.exec("create schema s; create view s.p as select 1 as a")
	s.wantStatuses(s.run(build.Seed), map[string]string{"p": "error: Cannot seed to"})
}

func TestSeedWithoutRows(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- seeds/p.csv --\na,b\n")
	s.succeeds(build.Seed)
	s.wantRows("select count(*) from s.p", "0")
}
