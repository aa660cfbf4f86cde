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

// What a query calls otherwise is found when it is compiled.
func TestPersonalDataAreFollowed(t *testing.T) {
	t.Parallel()
	const refused = "which is personal data, and this model may not have any"
	tests := []struct {
		name, model string
		changes     []string // of the project: old, new, …
		want        string   // of the compilation; empty for none
	}{
		{"another name", "select 1 as id, first_name as given from {{ ref('dim_patients') }}", nil,
			"models/visits.yml:2: the column given of visits comes from dim_patients.First_Name, " + refused},
		{"of the source", "select id, p.first_name as given from {{ source('raw', 'patients') }} as p", nil,
			"the column given of visits comes from raw.patients.first_name, " + refused},
		{"a column of the contract", "select max(first_name) as id from {{ ref('dim_patients') }}", nil,
			"models/visits.yml:4: the column id of visits comes from dim_patients.First_Name, " + refused},
		{"a star", "with p as (select * from {{ ref('dim_patients') }}) select * from p", nil,
			"the column first_name of visits comes from dim_patients.First_Name, " + refused},
		{"a macro", "select {{ dbt.concat(['id', 'first_name']) }} as id from {{ ref('dim_patients') }}", nil,
			"the column id of visits comes from dim_patients.First_Name, " + refused},
		{"an ephemeral model", "select given as id from {{ ref('named') }}",
			[]string{"-- models/visits.sql --", "-- models/named.sql --\n{{ config(materialized='ephemeral') }} select first_name as given from {{ ref('dim_patients') }}\n-- models/visits.sql --"},
			"the column id of visits comes from dim_patients.First_Name, " + refused},
		{"by its name alone", "select first_name as id from patients", nil,
			"the column id of visits comes from raw.patients.first_name, " + refused},
		{"deferred to another schema", "select first_name as id from prod.dim_patients", nil,
			"the column id of visits comes from dim_patients.First_Name, " + refused},
		{"counted", "select count(first_name) as id from {{ ref('dim_patients') }} where first_name <> ''", nil, ""},
		{"vouched for", "select length(first_name) as id from {{ ref('dim_patients') }}",
			[]string{"{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}", "{name: id, data_type: bigint, config: {meta: {pii: false}}}"}, ""},
		{"allowed and not marked", "select id, first_name as given from {{ source('raw', 'patients') }}",
			[]string{"  - name: visits\n", "  - name: visits\n    config: {meta: {pii: allowed}}\n"},
			"models/visits.yml:2: the column given of visits comes from raw.patients.first_name, which is personal data, and is not marked here"},
		{"allowed and marked", "select id, first_name as given from {{ source('raw', 'patients') }}",
			[]string{"  - name: visits\n", "  - name: visits\n    config: {meta: {pii: allowed}}\n",
				"{name: id, data_type: bigint, data_tests: [unique: {config: {store_failures: true}}]}", "{name: given, data_type: text, config: {meta: {pii: true}}}"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := append([]string{"-- models/visits.sql --\nselect 1 as id\n", "-- models/visits.sql --\n" + tt.model + "\n"}, tt.changes...)
			text := guarded
			for i := 0; i < len(changes); i += 2 {
				text = strings.Replace(text, changes[i], changes[i+1], 1)
			}
			p, err := load(t, txtar.Parse([]byte(text)), nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Compile(t.Context(), p.Nodes["model.clinic.visits"], scripted{})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("compiled: %v\nwant: %s", err, tt.want)
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
