package dbt_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// guarded is a project that says where personal data may be.
const guarded = `
-- dbt_project.yml --
name: clinic
profile: clinic
models:
  +meta: {pii: refused}
  +contract: {enforced: true}
-- profiles.yml --
clinic: {target: dev, outputs: {dev: {type: duckdb, path: x.duckdb, schema: main}}}
-- models/sources.yml --
sources:
  - name: raw
    tables:
      - name: patients
        columns:
          - name: id
          - name: first_name
            config: {meta: {pii: true}}
-- models/dim_patients.sql --
select id, first_name from {{ source('raw', 'patients') }}
-- models/dim_patients.yml --
models:
  - name: dim_patients
    config: {meta: {pii: allowed}}
    columns:
      - {name: id, data_type: bigint, data_tests: [unique]}
      - {name: First_Name, data_type: text, config: {meta: {pii: true}}}
-- models/visits.sql --
select 1 as id
-- models/visits.yml --
models:
  - name: visits
    columns:
      - {name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}
`

func TestPersonalDataStaysWhereItMayBe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		changes []string // old, new, …
		want    string   // of the problems; empty for none
	}{
		{"as it is", nil, ""},
		{
			"in a model that refuses", []string{"{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}", "{name: FIRST_NAME, data_type: text}"},
			"models/visits.yml:4: the column FIRST_NAME of visits is personal data, which this model may not have",
		},
		{
			"in a model that says nothing", []string{"  +meta: {pii: refused}\n", "", "{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}", "{name: first_name, data_type: text}"},
			"models/visits.yml:4: the column first_name of visits is personal data, which this model may not have",
		},
		{
			"not marked", []string{", config: {meta: {pii: true}}}", "}"},
			"models/dim_patients.yml:6: the column First_Name of dim_patients is personal data elsewhere and not marked here",
		},
		{
			"without a contract", []string{"  - name: visits\n", "  - name: visits\n    config: {contract: {enforced: false}}\n"},
			"models/visits.yml:2: visits may not have personal data, and without a contract nobody knows its columns",
		},
		{
			"another word", []string{"pii: allowed", "pii: yes please"},
			`models/dim_patients.yml:2: meta.pii of dim_patients is "yes please", not allowed or refused`,
		},
		{
			"in a seed", []string{"-- models/visits.sql --", "-- seeds/names.csv --\nfirst_name\nA\n-- seeds/names.yml --\nseeds: [{name: names, columns: [{name: first_name}]}]\n-- models/visits.sql --"},
			"seeds/names.yml:1: the column first_name of the seed names is personal data, and a seed is a file of the project",
		},
		{
			"in a snapshot", []string{"-- models/visits.sql --", "-- snapshots/s.yml --\nsnapshots: [{name: s, relation: ref('dim_patients'), config: {unique_key: id, strategy: check, check_cols: all}}]\n-- models/visits.sql --"},
			"snapshots/s.yml:1: the snapshot s would keep personal data for ever",
		},
		{
			"in stored failures", []string{"{name: id, data_type: bigint, data_tests: [unique]}", "{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}"},
			"the test unique_dim_patients_id would keep rows with personal data",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := load(t, txtar.Parse([]byte(strings.NewReplacer(tt.changes...).Replace(guarded))), nil)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("problems: %v, want none", err)
			case tt.want == "" && !p.GuardsPersonalData():
				t.Error("the project does not guard personal data, want it to")
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("problems: %v\nwant: %s", err, tt.want)
			}
		})
	}
}

// What projects mark with pii that say nothing of where it may be is their
// own affair.
func TestOtherProjectsAreLeftAlone(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("  +meta: {pii: refused}\n", "", "    config: {meta: {pii: allowed}}\n", "", "{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}", "{name: first_name, data_type: text}").Replace(guarded)
	p, err := load(t, txtar.Parse([]byte(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.GuardsPersonalData() {
		t.Error("the project guards personal data, want it left alone")
	}
}
