package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apotheca/internal/build"
)

// history is a project with one snapshot of the table s.src.
func history(config string) string {
	return fmt.Sprintf(`
-- models/sources.yml --
sources: [{name: s, tables: [{name: src}]}]
-- snapshots/h.yml --
snapshots:
  - name: h
    relation: source('s', 'src')
    config: {unique_key: id, %s}
`, config)
}

// days are the source table as three days leave it: 2 changes, 3 goes away,
// then comes back.
var days = []string{
	"select * from (values (1, 'one', timestamp '2024-01-01'), (2, 'two', timestamp '2024-01-01'), (3, 'three', timestamp '2024-01-01')) as v(id, v, seen)",
	"select * from (values (1, 'one', timestamp '2024-01-01'), (2, 'zwei', timestamp '2024-01-02')) as v(id, v, seen)",
	"select * from (values (1, 'one', timestamp '2024-01-01'), (2, 'zwei', timestamp '2024-01-02'), (3, 'drei', timestamp '2024-01-03')) as v(id, v, seen)",
}

func (s *shop) day(n int) *build.Results {
	s.Helper()
	s.exec("create schema if not exists s")
	s.exec("create or replace table s.src as " + days[n-1])
	return s.succeeds(build.Snapshot)
}

func TestSnapshotByTimestamp(t *testing.T) {
	t.Parallel()
	s := newShop(t, history("strategy: timestamp, updated_at: seen"))
	const rows = "select id, v, dbt_valid_from::date, dbt_valid_to::date from s.h order by id, dbt_valid_from"
	if got, want := s.result(s.day(1), "h").Rows, int64(3); got != want {
		t.Errorf("first run: %d rows, want %d", got, want)
	}
	s.wantRows(rows, "1 one 2024-01-01 NULL", "2 two 2024-01-01 NULL", "3 three 2024-01-01 NULL")
	if got, want := s.result(s.day(2), "h").Rows, int64(1); got != want {
		t.Errorf("second run: %d rows, want %d", got, want)
	}
	s.wantRows(rows, "1 one 2024-01-01 NULL", "2 two 2024-01-01 2024-01-02", "2 zwei 2024-01-02 NULL", "3 three 2024-01-01 NULL")
	s.day(3)
	s.wantRows(rows, "1 one 2024-01-01 NULL", "2 two 2024-01-01 2024-01-02", "2 zwei 2024-01-02 NULL",
		"3 three 2024-01-01 2024-01-03", "3 drei 2024-01-03 NULL")
	s.wantRows("select count(*) from s.h where dbt_scd_id <> md5(id::varchar || '|' || seen::varchar)", "0")
	s.wantRows("select table_name from duckdb_tables() where table_name like '%dbt_tmp%'")
}

func TestSnapshotByCheck(t *testing.T) {
	t.Parallel()
	for _, check := range []string{"all", "[v]"} {
		s := newShop(t, history("strategy: check, hard_deletes: invalidate, check_cols: "+check))
		s.day(1)
		s.day(2)
		s.day(3)
		s.wantRows("select id, v, dbt_valid_to is null from s.h order by id, dbt_valid_from",
			"1 one true", "2 two false", "2 zwei true", "3 three false", "3 drei true")
		s.exec("update s.src set v = null where id = 1")
		s.succeeds(build.Snapshot)
		s.wantRows("select v, dbt_valid_to is null from s.h where id = 1 order by dbt_valid_from", "one false", "NULL true")
	}
}

func TestSnapshotTellsOfDeletions(t *testing.T) {
	t.Parallel()
	s := newShop(t, history(`strategy: timestamp, updated_at: seen, hard_deletes: new_record,
      dbt_valid_to_current: "timestamp '9999-12-31'",
      snapshot_meta_column_names: {dbt_valid_from: since, dbt_valid_to: until, dbt_is_deleted: gone}`))
	const rows = "select id, v, gone, until::date = '9999-12-31' from s.h where id = 3 order by dbt_updated_at, gone"
	s.day(1)
	s.wantRows(rows, "3 three False true")
	s.day(2)
	s.day(2) // a deletion is told once
	s.wantRows(rows, "3 three False false", "3 three True true")
	s.day(3)
	s.wantRows("select count(*), count(*) filter (until::date = '9999-12-31') from s.h where id = 3", "3 1")
}

func TestSnapshotLearnsColumns(t *testing.T) {
	t.Parallel()
	s := newShop(t, history("strategy: check, check_cols: all"))
	s.day(1)
	s.exec("create or replace table s.src as select 1 as id, 'one' as v, 'new' as extra")
	s.succeeds(build.Snapshot)
	s.wantRows("select id, v, extra, dbt_valid_to is null from s.h where id = 1 order by dbt_valid_from",
		"1 one NULL false", "1 one new true")
}

func TestSnapshotWithTheProjectsStrategy(t *testing.T) {
	t.Parallel()
	s := newShop(t, history("strategy: never, updated_at: seen")+`
-- macros/never.sql --
{% macro snapshot_never_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {% do return({
        'unique_key': config.get('unique_key'),
        'updated_at': config.get('updated_at'),
        'row_changed': '(false)',
        'scd_id': "'" ~ node.name ~ "'",
    }) %}
{% endmacro %}
`)
	s.day(1)
	s.day(2)
	s.wantRows("select id, dbt_scd_id from s.h order by id", "1 h", "2 h", "3 h")
}

func TestSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	f := func(config, before, want string) {
		t.Helper()
		s := newShop(t, history(config))
		s.exec("create schema s; create table s.src as " + days[0] + before)
		s.wantStatuses(s.run(build.Snapshot), map[string]string{"h": want})
	}
	const timestamp = "strategy: timestamp, updated_at: seen"
	f(timestamp, "; create view s.h as select 1", `error: "memory"."s"."h" is a view, and a snapshot needs a table`)
	f(timestamp, "; create table s.h as select 1 as id", `error: the snapshot's table "memory"."s"."h" has no column dbt_scd_id`)
	f(timestamp+", hard_deletes: never", "", "error: ")
	f(timestamp+", hard_deletes: ignore, invalidate_hard_deletes: true", "", "error: ")
	f("strategy: timestamp", "", "error: ")
	f("strategy: check", "", "error: ")
	f("strategy: nowhere", "", "error: there is no macro named 'snapshot_nowhere_strategy'")
}

func TestSnapshotOnPostgres(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"strategy: timestamp, updated_at: seen", "strategy: check, check_cols: all"} {
		s := newPostgresShop(t, history(strategy+", hard_deletes: new_record"))
		s.exec("create schema if not exists s")
		day := func(n int, more string) {
			s.exec("drop table if exists s.src")
			s.exec("create table s.src as select v.*" + more + strings.TrimPrefix(days[n-1], "select *"))
			s.succeeds(build.Snapshot)
		}
		day(1, "")
		day(2, "")
		day(2, "")
		s.wantRows("select id, v, dbt_is_deleted, dbt_valid_to is null from s.h where id > 1 order by id, dbt_updated_at, dbt_is_deleted",
			"2 two False false", "2 zwei False true", "3 three False false", "3 three True true")
		day(3, "")
		s.wantRows("select count(*), count(*) filter (where dbt_valid_to is null) from s.h where id = 3", "3 1")
		day(3, ", 'new' as extra")
		if strings.Contains(strategy, "check") {
			s.wantRows("select count(*), count(extra), count(*) filter (where dbt_valid_to is null) from s.h", "9 3 3")
		}
	}
}

func TestCatalogAndFreshnessOnPostgres(t *testing.T) {
	t.Parallel()
	s := newPostgresShop(t, watched)
	s.target = t.TempDir()
	s.succeeds(build.Build)
	s.exec("create table s.fresh as select 1 as id, now() as seen")
	s.exec("create table s.old as select 1 as id, timestamp '2001-01-01' as seen")
	results, err := build.CheckFreshness(t.Context(), s.options("source.shop.s.old", "source.shop.s.fresh"))
	if err != nil {
		t.Fatal(err)
	}
	s.wantStatuses(results, map[string]string{"fresh": "pass", "old": "error"})
	s.follows("sources.json", "sources-v3.json")
	if err := build.WriteCatalog(t.Context(), s.options("model.shop.customers", "seed.shop.raw_orders"), true); err != nil {
		t.Fatal(err)
	}
	s.follows("catalog.json", "catalog-v1.json")
	data, err := os.ReadFile(filepath.Join(s.target, "catalog.json"))
	if want := `"amount":{"type":"double precision","index":3,"name":"amount","comment":null}`; err != nil || !strings.Contains(string(data), want) {
		t.Errorf("catalog.json = %s, %v, want %s in it", data, err, want)
	}
}
