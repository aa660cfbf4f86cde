package build_test

import (
	_ "embed"
	"testing"

	"apotheca/internal/build"
)

//go:embed testdata/materializations_duckdb.txtar
var ownMaterializations string

// TestMaterializationsOnDuckDB: a materialization for the adapter goes before
// one for all, whoever defines it. What is expected here is what dbt-duckdb
// left of the same project.
func TestMaterializationsOnDuckDB(t *testing.T) {
	t.Parallel()
	s := newShop(t, ownMaterializations)
	s.write("-- dbt_project.yml --\nname: shop\nprofile: shop\nmodels: {+materialized: table}\n")
	s.vars = map[string]any{"more": false}
	results := s.run(build.Build)
	s.wantStatuses(results, map[string]string{
		"t": "success", "v": "success", "o": "success", "i": "success", "j": "success", "sd": "success", "f": "success",
		"n":           "error: No materialization 'nothing_such' was found for adapter duckdb! (searched types 'default' and 'duckdb')",
		"unique_t_id": "pass", "accepted_values_t_id__7": "pass",
	})
	s.vars = map[string]any{"more": true}
	s.run(build.Build)
	s.wantRows("from s.t", "1 t__dbt_ False")
	s.wantRows("from s.v", "1 t__dbt_ False 1")
	s.wantRows("from s.o order by id", "0 0 o__dbt_ True 1", "1 2 o__dbt_ True 1", "2 4 o__dbt_ True 1")
	s.wantRows("from s.i", "1 i False", "1 i__dbt_ True", "1 i__dbt_ True")
	s.wantRows("from s.j", "1 j__dbt_ True")
	s.wantRows("from s.sd", "a b 2 2")
	s.wantRows("from s.log", "0", "2", "99", "3", "99")
	s.wantRows("select table_name from information_schema.tables where table_name in ('f', 'kept')", "kept")
	s.wantRows("select comment from duckdb_tables() where table_name = 'o'", "an odd one")
}
