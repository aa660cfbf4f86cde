package build_test

import (
	"strings"
	"testing"

	"apotheca/internal/build"
)

func TestIncrementalStrategies(t *testing.T) {
	t.Parallel()
	const first = "select * from (values (1, 10, 'a'), (2, 20, 'a'), (null, 30, 'a')) as t(k, l, v)"
	const second = "select * from (values (2, 20, 'b'), (2, 21, 'c'), (4, 40, 'd'), (null, 30, 'e')) as t(k, l, v)"
	tests := []struct {
		name, config string
		want         []string
	}{
		{"AppendWithoutKey", "", []string{"1 10 a", "2 20 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"Append", "incremental_strategy='append', unique_key='k'", []string{"1 10 a", "2 20 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"DeleteInsertIsTheDefault", "unique_key='k'", []string{"1 10 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"DeleteInsertKeyInOtherCase", "unique_key='K'", []string{"1 10 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"DeleteInsertCompositeKey", "unique_key=['k', 'l']", []string{"1 10 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"DeleteInsertKeyIsAnExpression", "unique_key='abs(k)'", []string{"1 10 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"DeleteInsertPredicate", "unique_key='k', incremental_predicates=['DBT_INTERNAL_DEST.l > 100']", []string{"1 10 a", "2 20 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"Merge", "incremental_strategy='merge', unique_key=['k', 'l']", []string{"1 10 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"MergeWithoutKey", "incremental_strategy='merge'", []string{"1 10 a", "2 20 a", "2 20 b", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"MergeUpdateColumns", "incremental_strategy='merge', unique_key=['k', 'l'], merge_update_columns=['l']", []string{"1 10 a", "2 20 a", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
		{"MergeExcludeColumns", "incremental_strategy='merge', unique_key=['k', 'l'], merge_exclude_columns=['V']", []string{"1 10 a", "2 20 a", "2 21 c", "4 40 d", "NULL 30 a", "NULL 30 e"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "-- models/m.sql --\n{{ config(materialized='incremental', "+tt.config+") }}\n{% if is_incremental() %}"+second+"{% else %}"+first+"{% endif %}")
			s.succeeds(build.RunAll)
			s.wantRows("select * from s.m order by all", "1 10 a", "2 20 a", "NULL 30 a")
			s.succeeds(build.RunAll)
			s.wantRows("select * from s.m order by all", tt.want...)
			s.fullRefresh = true
			s.succeeds(build.RunAll)
			s.wantRows("select * from s.m order by all", "1 10 a", "2 20 a", "NULL 30 a")
		})
	}
}

func TestFullRefreshOfTheNodeBeatsTheCommand(t *testing.T) {
	t.Parallel()
	s := newShop(t, "-- models/m.sql --\n{{ config(materialized='incremental', full_refresh=false) }} select 1 as a")
	s.succeeds(build.RunAll)
	s.fullRefresh = true
	s.succeeds(build.RunAll)
	s.wantRows("select * from s.m", "1", "1")
}

func TestOnSchemaChange(t *testing.T) {
	t.Parallel()
	const before = "select 1 as k, 'old' as gone, 5 as n"
	const after = "select 6.5::double as n, 2 as k, 'new' as came"
	tests := []struct {
		change string
		want   []string
		status string
	}{
		{"append_new_columns", []string{"k gone n came", "1 old 5 NULL", "2 NULL 6 new"}, "success"},
		{"sync_all_columns", []string{"k n came", "1 5 NULL", "2 6.5 new"}, "success"},
		{"fail", []string{"k gone n", "1 old 5"}, "error: The source and target schemas on this incremental model are out of sync!\nthe columns of"},
		{"ignore", []string{"k gone n", "1 old 5"}, "error: Binder Error"},
	}
	for _, tt := range tests {
		t.Run(tt.change, func(t *testing.T) {
			t.Parallel()
			config := "{{ config(materialized='incremental', on_schema_change='" + tt.change + "') }}\n"
			s := newShop(t, "-- models/m.sql --\n"+config+before)
			s.succeeds(build.RunAll)
			s.write("-- models/m.sql --\n" + config + after)
			results := s.run(build.RunAll)
			s.wantStatuses(results, map[string]string{"m": tt.status})
			s.wantRows("select string_agg(column_name, ' ' order by column_index) from duckdb_columns() where table_name = 'm'", tt.want[0])
			s.wantRows("select * from s.m order by k", tt.want[1:]...)
			if tt.change == "fail" && !strings.Contains(s.result(results, "m").Message, "came VARCHAR") {
				t.Errorf("message = %q, want the changed columns in it", s.result(results, "m").Message)
			}
		})
	}
}
