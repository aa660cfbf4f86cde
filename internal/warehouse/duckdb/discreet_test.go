package duckdb_test

import (
	"strings"
	"testing"

	"apotheca/internal/warehouse/duckdb"
)

// A discreet warehouse says what is wrong with a row, and nothing of what is
// in it.
func TestDiscreetErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, discreet := range []bool{false, true} {
		w := open(t, duckdb.Options{Discreet: discreet})
		conn, err := w.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Exec(t.Context(), `
create table patients (name varchar primary key, country varchar check (country <> 'Norge'));
insert into patients values ('O''Solveig', 'Sverige')`); err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{
			"select cast(name as integer) from patients",
			"select cast(name as date) from patients",
			"insert into patients select * from patients",
			"select strptime(name, '%Y') from patients",
			"select error(name) from patients",
			"select name::json from patients",
		} {
			_, err := conn.Exec(t.Context(), sql)
			if err == nil {
				t.Fatalf("%s: no error, want one", sql)
			}
			if got := strings.Contains(err.Error(), "Solveig"); got == discreet {
				t.Errorf("discreet %v, %s: %v", discreet, sql, err)
			}
		}
		if _, err := conn.Exec(t.Context(), "select no_such_column from patients"); err == nil || !strings.Contains(err.Error(), "no_such_column") {
			t.Errorf("discreet %v: %v, want the column named", discreet, err)
		}
	}
}
