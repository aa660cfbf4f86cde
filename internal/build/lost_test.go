package build_test

import (
	"strings"
	"testing"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/warehouse/postgrestest"
)

const fourModels = `
-- models/a_first.sql --
select 1 as a
-- models/b_lost.sql --
select 1 as a, 'LOST' as q
-- models/c_below.sql --
{{ config(materialized='view') }}
select * from {{ ref('b_lost') }}
-- models/d_other.sql --
select 1 as a
`

// noLeftovers expects nothing of a run beside its relations.
func (s *shop) noLeftovers() {
	s.Helper()
	s.wantRows(`select relname::text from pg_class where relname like '%\_\_dbt%'`)
}

func TestConnectionLostUnderAModelIsItsFailureAlone(t *testing.T) {
	t.Parallel()
	s := newPostgresShop(t, fourModels)
	s.succeeds(build.RunAll)
	s.files["models/b_lost.sql"] = "select 2 as a, pg_terminate_backend(pg_backend_pid()) as q"
	results := s.run(build.RunAll)
	s.wantStatuses(results, map[string]string{
		"a_first": "success", "b_lost": "error", "c_below": "skipped", "d_other": "success",
	})
	if message := s.result(results, "b_lost").Message; !strings.Contains(message, "connection") || !strings.Contains(message, "hint:") {
		t.Errorf("message = %q, want it to speak of the connection, with a hint", message)
	}
	s.wantRows("select a from s.c_below", "1")
	s.files["models/b_lost.sql"] = "select 3 as a, '' as q"
	s.succeeds(build.RunAll)
	s.wantRows("select a from s.c_below", "3")
	s.noLeftovers()
}

func TestServerKilledUnderAModel(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	options := server.Database(t)
	s := newShopAt(t, options, fourModels)
	s.succeeds(build.RunAll)
	s.files["models/b_lost.sql"] = "select 2 as a, pg_sleep(600)::text as q"
	killed := make(chan struct{})
	s.report = func(e build.Event) {
		if e.Kind != build.NodeStarted || e.Result.Name() != "s.b_lost" {
			return
		}
		go func() {
			defer close(killed)
			// Until the statement is under way, or its model is over.
			const sleeping = "select 1 from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%pg_sleep(600)%'"
			for s.Context().Err() == nil && len(s.rows(sleeping)) == 0 {
			}
			server.Kill()
		}()
	}
	results := s.run(build.RunAll)
	<-killed
	s.wantStatuses(results, map[string]string{
		"a_first": "success", "b_lost": "error", "c_below": "skipped", "d_other": "error: connect again",
	})
	server.Restart(t)

	s = newShopAt(t, options, fourModels)
	s.wantRows("select a from s.c_below", "1")
	s.files["models/b_lost.sql"] = "select 3 as a, '' as q"
	s.succeeds(build.RunAll)
	s.wantRows("select a from s.c_below", "3")
	s.noLeftovers()
}

func TestQueriesCarryAComment(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, config, want string }{
		{"Default", "", `/* {"app": "dbt", "dbt_version": "` + dbt.Version + `", "profile_name": "shop", "target_name": "default", "node_id": "model.shop.m"} */ create`},
		{"Own", `query-comment: "of {{ node.name }} in {{ target.name }}"`, "/* of m in default */ create"},
		{"Macro", `query-comment: "{{ said(node) }}"`, "/* m, said */ create"},
		{"None", `query-comment: null`, "create"},
		{"Empty", `query-comment: ""`, "create"},
		{"Append", `query-comment: {comment: after, append: true}`, "create … /* after */"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newPostgresShop(t, "-- models/m.sql --\nselect current_query() as q\n-- macros/said.sql --\n{% macro said(node) %}{{ node.name }}, said{% endmacro %}\n")
			s.files["dbt_project.yml"] += tt.config + "\n"
			s.succeeds(build.RunAll)
			got := strings.Join(strings.Fields(s.rows("select q from s.m")[0]), " ")
			before, after, appended := strings.Cut(tt.want, " … ")
			if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || !appended && strings.HasSuffix(got, "*/") {
				t.Errorf("query = %q, want %q", got, tt.want)
			}
		})
	}
	s := newPostgresShop(t, "-- models/m.sql --\nselect 1 as a")
	s.files["dbt_project.yml"] += "query-comment: \"a */ b\"\n"
	s.wantStatuses(s.run(build.RunAll), map[string]string{"m": "error: query-comment: it contains */"})
}
