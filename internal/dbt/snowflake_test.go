package dbt_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"apotheca/internal/dbt"
	"apotheca/projects"
)

const snowflakeProfile = `apotheca:
  target: dev
  outputs:
    dev: {type: snowflake, account: nowhere, user: me, password: x, database: db, warehouse: wh, schema: analysis}
`

// What a contract makes of a model's columns.
const contractColumns = `{% for n in graph.nodes.values() if n.name == 'fct_steps' -%}
{{ adapter.render_raw_columns_constraints(raw_columns=n.columns) | join('\n') }}
{{ adapter.render_raw_model_constraints(raw_constraints=n.constraints) | join('\n') }}
{%- endfor %}`

// The project compiles for Snowflake, which this program parses for
// and does not build on: what is another database's dialect is dispatched.
func TestPatientActivityCompilesForSnowflake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project, err := fs.Sub(projects.PatientActivity, "patient_activity")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, project); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"profiles.yml": snowflakeProfile, "analyses/ddl.sql": contractColumns} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := dbt.Load(dbt.Options{FS: os.DirFS(dir), InvocationID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	compiled := 0
	for id, n := range p.Nodes {
		if n.ResourceType != dbt.Model && n.ResourceType != dbt.DataTest {
			continue
		}
		c, err := p.Compile(t.Context(), n, scripted{})
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		compiled++
		for _, foreign := range []string{"make_timestamp", "epoch_us", "interval '", "::", "bit_count", "try_cast", " filter (", "at time zone"} {
			if strings.Contains(strings.ToLower(c.Code), foreign) {
				t.Errorf("%s: %q is none of Snowflake's words:\n%s", id, foreign, c.Code)
			}
		}
		if n.Name == "activity_by_day" && !strings.Contains(c.Code, "convert_timezone('UTC', ") {
			t.Errorf("the day of an activity is not that of snowflake__local_date:\n%s", c.Code)
		}
	}
	ddl, err := p.Compile(t.Context(), p.Nodes["analysis.patient_activity.ddl"], scripted{})
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{
		"id bigint not null primary key", "patient_id bigint not null references ref('dim_patients') (id)", // rendered when it is run
		"minutes decimal(38,3) not null", "submitted_at timestamp with time zone not null",
	} {
		if !strings.Contains(ddl.Code, column+"\n") {
			t.Errorf("no column %q in the contract:\n%s", column, ddl.Code)
		}
	}
	if compiled < 25 {
		t.Errorf("%d nodes were compiled, want models and tests", compiled)
	}
}
