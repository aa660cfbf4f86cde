package dbt_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"apotheca/internal/dbt"
)

// mergeSQL is what DuckDB's merge becomes with some configs.
func mergeSQL(t *testing.T, configs string) (string, error) {
	t.Helper()
	a := &txtar.Archive{Files: []txtar.File{
		{Name: "dbt_project.yml", Data: []byte("name: m\nprofile: m\n")},
		{Name: "profiles.yml", Data: []byte("m: {target: d, outputs: {d: {type: duckdb}}}\n")},
		{Name: "models/m.sql", Data: []byte("{{ config(merge_marker=1" + configs + ") }}\n{% if execute %}" +
			"{{ get_merge_sql('t', 's', config.get('unique_key'), [api.Column('id', 'int'), api.Column('v', 'text'), api.Column('w', 'int')], ['p > 0']) }}{% endif %}")},
	}}
	p, err := load(t, a, func(*dbt.Options) {})
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Compile(t.Context(), p.Nodes["model.m.m"], scripted{})
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(spaces.ReplaceAllString(c.Code, " ")), nil
}

func TestMergeOfDuckDB(t *testing.T) {
	t.Parallel()
	const head = "merge into t as DBT_INTERNAL_DEST using s as DBT_INTERNAL_SOURCE "
	const on = head + "on (DBT_INTERNAL_SOURCE.id = DBT_INTERNAL_DEST.id) and (p > 0) "
	const insert = "when not matched then insert by name"
	for name, test := range map[string]struct{ configs, want string }{
		"by name":          {", unique_key='id'", on + "when matched then update by name " + insert},
		"no key":           {"", head + "on (false) and (p > 0) when matched then update by name " + insert},
		"conditions":       {", unique_key='id', merge_update_condition='a', merge_insert_condition='b'", on + "when matched and a then update by name when not matched and b then insert by name"},
		"using and return": {", merge_on_using_columns=['id', 'v'], merge_returning_columns=['id']", head + "using (id, v) on (p > 0) when matched then update by name " + insert + " returning id"},
		"clauses": {
			", unique_key=['id', 'v'], merge_clauses={" +
				"'when_matched': [{'action': 'delete', 'condition': ['a', 'b']}, {'action': 'do_nothing', 'condition': 'c'}, {'action': 'update', 'mode': 'star'}]," +
				"'when_not_matched': [{'action': 'insert', 'mode': 'explicit', 'insert': {'columns': ['id'], 'values': ['1']}}," +
				"{'action': 'update', 'by': 'source', 'set_expressions': {'w': '0'}}, {'action': 'error', 'by': 'target', 'error_message': \"it's\"}]}",
			head + "on (DBT_INTERNAL_SOURCE.id = DBT_INTERNAL_DEST.id) and (DBT_INTERNAL_SOURCE.v = DBT_INTERNAL_DEST.v) and (p > 0) " +
				"when matched and (a) and (b) then delete when matched and c then do nothing when matched then update set * " +
				"when not matched then insert (id) values (1) when not matched by source then update set w = 0 when not matched by target then error 'it''s'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mergeSQL(t, test.configs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("merge (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeOfDuckDBThatIsWrong(t *testing.T) {
	t.Parallel()
	for configs, want := range map[string]string{
		", merge_update_condition=['a']":                                           "merge_update_condition must be a string, found: ['a']",
		", merge_update_columns='v'":                                               "merge_update_columns must be a list",
		", merge_exclude_columns=[1]":                                              "merge_exclude_columns must contain only string values, found: 1",
		", merge_update_set_expressions=['a']":                                     "merge_update_set_expressions must be a dictionary, found: ['a']",
		", merge_clauses='x'":                                                      "merge_clauses must be a dictionary, found: x",
		", merge_clauses={'other': []}":                                            "merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys",
		", merge_clauses={'when_matched': []}":                                     "merge_clauses.when_matched must contain at least one element",
		", merge_clauses={'when_matched': 'x'}":                                    "merge_clauses.when_matched must be a list",
		", merge_clauses={'when_matched': ['x']}":                                  "merge_clauses.when_matched elements must be dictionaries, found: x",
		", merge_insert_condition='a', merge_clauses={'when_matched': [{'a': 1}]}": "will be ignored and should be removed: merge_insert_condition. Define your merge behavior within merge_clauses instead.",
	} {
		t.Run(configs, func(t *testing.T) {
			t.Parallel()
			_, err := mergeSQL(t, configs)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %s", err, want)
			}
		})
	}
}
