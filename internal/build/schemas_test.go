package build_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"apotheca/internal/build"
	"apotheca/internal/dbt"
	"apotheca/internal/jinja"
)

// follows checks an artifact against the schema that dbt publishes for it.
func (s *shop) follows(artifact, schema string) {
	s.Helper()
	published := "../../../shared/data/dbt-schemas/" + schema
	if _, err := os.Stat(published); errors.Is(err, fs.ErrNotExist) {
		s.Skip("the published schemas are not beside the repository: " + published)
	}
	compiled, err := jsonschema.NewCompiler().Compile(published)
	if err != nil {
		s.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(s.target, artifact))
	if err != nil {
		s.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		s.Fatal(err)
	}
	if err := compiled.Validate(document); err != nil {
		s.Errorf("%s: %v", artifact, err)
	}
}

func (s *shop) options(ids ...string) build.Options {
	return build.Options{
		Project: s.project(), Warehouse: s.warehouse, IDs: ids, TargetDir: s.target, Args: map[string]any{},
		Now: func() time.Time { return time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC) }, InvocationID: "00000000-0000-0000-0000-000000000001",
	}
}

const watched = orders + `
-- models/sources.yml --
sources:
  - name: s
    loaded_at_field: seen
    freshness: {warn_after: {count: 1, period: hour}, error_after: {count: 1, period: day}, filter: id > 0}
    tables: [{name: old}, {name: fresh}, {name: dated}, {name: missing}, {name: empty, config: {loaded_at_query: select null::timestamp}}]
`

func TestArtifactsOfOtherCommandsFollowTheSchemas(t *testing.T) {
	t.Parallel()
	s := newShop(t, watched+`
-- macros/op.sql --
{% macro op(x) %}{% do run_query('create table s.made as select ' ~ x ~ ' as x') %}{% endmacro %}
{% macro undone() %}{% do run_query('create table s.undone as select 1 as x') %}{{ exceptions.raise_compiler_error('no') }}{% endmacro %}
`)
	s.target = t.TempDir()
	s.succeeds(build.Build)
	s.exec(`create table s.old as select 1 as id, timestamp '2001-01-01' as seen;
create table s.fresh as select 1 as id, now() as seen; create table s.dated as select 1 as id, current_date as seen`)

	ids := []string{"source.shop.s.old", "source.shop.s.fresh", "source.shop.s.dated", "source.shop.s.missing", "source.shop.s.empty"}
	results, err := build.CheckFreshness(t.Context(), s.options(ids...))
	if err != nil {
		t.Fatal(err)
	}
	s.follows("sources.json", "sources-v3.json")
	for id, want := range map[string]build.Status{ids[0]: build.Error, ids[1]: build.Pass, ids[2]: build.RuntimeError, ids[3]: build.RuntimeError, ids[4]: build.Error} {
		if r, ok := results.Find(id); !ok || r.Status != want {
			t.Errorf("%s = %+v, want %s", id, r, want)
		}
	}

	if err := build.WriteCatalog(t.Context(), s.options("model.shop.customers", "model.shop.stg_orders", "seed.shop.raw_orders"), true); err != nil {
		t.Fatal(err)
	}
	s.follows("catalog.json", "catalog-v1.json")

	if _, err := build.Operation(t.Context(), s.options(), "op", jinja.NewDict("x", int64(7))); err != nil {
		t.Fatal(err)
	}
	s.follows("run_results.json", "run-results-v6.json")
	s.wantRows("select x from s.made", "7")

	failed, err := build.Operation(t.Context(), s.options(), "undone", nil)
	if err != nil || !failed.Failed() {
		t.Errorf("undone: %v, %v, want a failed result", failed, err)
	}
	s.follows("run_results.json", "run-results-v6.json")
	s.wantRows("select count(*) from duckdb_tables() where table_name = 'undone'", "0")
}

func TestArtifactsOfEveryCommandFollowTheSchemas(t *testing.T) {
	t.Parallel()
	for _, command := range []build.Command{build.Build, build.Seed, build.RunAll, build.Snapshot, build.Test, build.Compile} {
		s := newShop(t, watched+`
-- models/broken.sql --
select nothing
-- models/below.sql --
select * from {{ ref('broken') }}
-- snapshots/history.yml --
snapshots:
  - name: history
    relation: ref('raw_orders')
    config: {strategy: check, check_cols: all, unique_key: id}
-- models/exposures.yml --
exposures: [{name: page, type: dashboard, owner: {email: me@example.org}, depends_on: [ref('below')]}]
`)
		s.target = t.TempDir()
		o := s.options()
		o.Command = command
		var err error
		if o.IDs, err = o.Project.Select(dbt.Selection{}); err != nil {
			t.Fatal(err)
		}
		if _, err := build.Run(t.Context(), o); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		s.follows("manifest.json", "manifest-v12.json")
		s.follows("run_results.json", "run-results-v6.json")
	}
}
