package dbt_test

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// contextNames are what templates of dbt 1.10 may name, by what they are asked
// of; the empty one is the context itself.
var contextNames = map[string]string{
	"": `adapter api builtins column compiled_code config context database dbt_metadata_envs dbt_version diff_of_two_dicts
		env_var exceptions execute flags fromjson fromyaml graph invocation_args_dict invocation_id load_agate_table load_result local_md5 log
		metric model modules post_hooks pre_hooks print project_name ref render return run_query run_started_at schema
		selected_resources set set_strict source sql statement store_raw_result store_result submit_python_job target this thread_id tojson toyaml
		try_or_compiler_error validation var write zip zip_strict range dict namespace cycler joiner`,
	"builtins": "ref source config",
	"config":   "get require set persist_relation_docs persist_column_docs meta_get meta_require",
	"var":      "has_var",
	"api":      "Relation Column",
	"modules":  "datetime pytz re itertools",
	"graph":    "nodes sources exposures metrics groups semantic_models saved_queries",
	"exceptions": `warn missing_config missing_materialization missing_relation raise_ambiguous_alias raise_ambiguous_catalog_match
		raise_cache_inconsistent raise_dataclass_not_dict raise_compiler_error raise_database_error raise_dep_not_found raise_dependency_error
		raise_duplicate_patch_name raise_duplicate_resource_name raise_invalid_property_yml_version raise_not_implemented relation_wrong_type
		raise_contract_error column_type_missing raise_fail_fast_error warn_snapshot_timestamp_data_types`,
	"adapter": `execute add_query get_relation get_columns_in_relation get_missing_columns expand_target_column_types create_schema drop_schema
		drop_relation truncate_relation rename_relation check_schema_exists quote quote_as_configured quote_seed_column convert_type dispatch type
		commit cache_added cache_dropped cache_renamed get_incremental_strategy_macro valid_incremental_strategies
		render_raw_columns_constraints render_raw_model_constraints get_column_schema_from_query standardize_grants_dict valid_snapshot_target
		assert_valid_snapshot_target_given_strategy get_hard_deletes_behavior get_pseudocolumns_for_relation run_sql_for_tests already_exists
		get_columns_in_table list_relations behavior get_catalog_integration build_catalog_relation get_partitions_metadata nice_connection_name
		verify_database parse_index is_motherduck is_ducklake use_ducklake_table_workarounds disable_transactions convert_datetimes_to_strs
		get_seed_file_path location_exists external_root external_write_options external_read_location store_relation get_binding_char warn_once
		get_temp_relation_path batch_id_for_model`,
	"this": `database schema identifier table name type is_table is_view is_cte is_materialized_view is_pointer is_function can_be_renamed
		can_be_replaced include quote quoted incorporate replace_path without_identifier information_schema render render_limited matches
		scd_args quote_policy include_policy path quote_character create get to_dict`,
	"api.Relation": "create scd_args Table View CTE External MaterializedView PointerTable get_relation_type",
	"api.Column":   "create from_description translate_type string_type numeric_type TYPE_LABELS",
	"api.Column.create('a', 'text')": `name column quoted dtype data_type char_size numeric_precision numeric_scale is_string is_number is_float is_integer
		is_numeric string_size can_expand_to literal`,
	"adapter.execute('select 1', fetch=true)[1]": `columns rows column_names column_types row_names select exclude rename where find order_by group_by
		limit distinct merge join print_table print_csv print_json print_structure to_json to_csv aggregate compute`,
	"adapter.execute('select 1', fetch=true)[1].columns":    "keys values items dict get",
	"adapter.execute('select 1', fetch=true)[1].columns[0]": "name index data_type values values_distinct values_without_nulls values_sorted values_without_nulls_sorted keys",
	"adapter.execute('select 1', fetch=true)[1].rows[0]":    "values keys items dict get",
	"modules.datetime": "date datetime time timedelta",
	"modules.pytz":     "timezone utc FixedOffset all_timezones common_timezones",
	"modules.re":       "match fullmatch search sub subn split findall finditer compile purge escape A I L M S X U ASCII IGNORECASE LOCALE MULTILINE DOTALL VERBOSE UNICODE",
	"modules.itertools": `count cycle repeat accumulate chain compress islice starmap tee zip_longest product permutations combinations
		combinations_with_replacement`,
	"flags": `USE_EXPERIMENTAL_PARSER STATIC_PARSER WARN_ERROR WARN_ERROR_OPTIONS WRITE_JSON PARTIAL_PARSE USE_COLORS PROFILES_DIR DEBUG LOG_FORMAT
		VERSION_CHECK FAIL_FAST SEND_ANONYMOUS_USAGE_STATS PRINTER_WIDTH INDIRECT_SELECTION LOG_CACHE_EVENTS QUIET NO_PRINT CACHE_SELECTED_ONLY
		INTROSPECT TARGET_PATH LOG_PATH INVOCATION_COMMAND EMPTY FULL_REFRESH STORE_FAILURES WHICH`,
}

// TestContextIsComplete asks a model for every name that dbt's context has.
func TestContextIsComplete(t *testing.T) {
	t.Parallel()
	var model strings.Builder
	model.WriteString("{% if execute %}")
	for of, names := range contextNames {
		for _, name := range strings.Fields(names) {
			asked := strings.TrimPrefix(of+"."+name, ".")
			model.WriteString("{% if " + asked + " is not defined %}" + asked + "\n{% endif %}")
		}
	}
	a := &txtar.Archive{Files: []txtar.File{
		{Name: "dbt_project.yml", Data: []byte("name: shop\nprofile: shop\n")},
		{Name: "profiles.yml", Data: []byte("shop: {target: dev, outputs: {dev: {type: duckdb}}}\n")},
		{Name: "models/a.sql", Data: []byte(model.String() + "{% endif %}")},
	}}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Compile(t.Context(), p.Nodes["model.shop.a"], scripted{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Code != "" {
		t.Errorf("templates do not have\n%s", c.Code)
	}
}

// TestTemplatesChangeOnlyTheirOwn has a model change lists that it inherits or
// shares, which must reach neither the next model nor the next rendering. What
// it writes into the graph stays there, but is not what the nodes are.
func TestTemplatesChangeOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	const spoil = `{% if execute %}
{% do config.get('meta').owners.append('x') %}{% do model.config.meta.owners.append('y') %}{% do var('list').append(1) %}
{% do graph.nodes['model.shop.b'].config.meta.owners.append('z') %}{% endif %}`
	const show = "{{ config.get('meta') }} {{ model.config.meta }} {{ model.meta }} {{ var('list') }}"
	a := &txtar.Archive{Files: []txtar.File{
		{Name: "dbt_project.yml", Data: []byte("name: shop\nprofile: shop\nvars: {list: [0]}\nmodels:\n  +meta: {owners: [me]}\n")},
		{Name: "profiles.yml", Data: []byte("shop: {target: dev, outputs: {dev: {type: duckdb}}}\n")},
		{Name: "models/a.sql", Data: []byte(spoil + "{% if execute %}" + show + "{% endif %}")},
		{Name: "models/b.sql", Data: []byte("{% if execute %}" + show + "{% endif %}")},
	}}
	p, err := load(t, a, nil)
	if err != nil {
		t.Fatal(err)
	}
	compile := func(name string) string {
		c, err := p.Compile(t.Context(), p.Nodes["model.shop."+name], scripted{})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(c.Code)
	}
	changed := "{'owners': ['me', 'x']} {'owners': ['me', 'y']} {'owners': ['me', 'y']} [0, 1]"
	for range 2 {
		if got := compile("a"); got != changed {
			t.Errorf("a renders\n%s, want\n%s", got, changed)
		}
	}
	untouched := "{'owners': ['me']} {'owners': ['me']} {'owners': ['me']} [0]"
	if got := compile("b"); got != untouched {
		t.Errorf("b renders\n%s, want\n%s", got, untouched)
	}
}
