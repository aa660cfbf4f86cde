{#- How a snapshot tells that a row changed. A strategy is a macro that returns
    a mapping: unique_key, updated_at, row_changed, scd_id, hard_deletes. -#}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set updated_at = config.get('updated_at') -%}
    {%- if not updated_at -%}
        {{ exceptions.raise_compiler_error("the snapshot strategy 'timestamp' needs updated_at") }}
    {%- endif -%}
    {%- set names = get_snapshot_table_column_names() -%}
    {{ return(snapshot_strategy(
        updated_at,
        '(' ~ snapshotted_rel ~ '.' ~ names.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')'
    )) }}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {%- set checked = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
    {%- set differences = [] -%}
    {%- for column in checked[1] -%}
        {%- set old, new = snapshotted_rel ~ '.' ~ column, current_rel ~ '.' ~ column -%}
        {%- do differences.append(old ~ ' != ' ~ new
            ~ ' or (' ~ old ~ ' is null and ' ~ new ~ ' is not null)'
            ~ ' or (' ~ old ~ ' is not null and ' ~ new ~ ' is null)') -%}
    {%- endfor -%}
    {%- set changed = get_true_sql() if checked[0] else differences | join('\n    or ') -%}
    {{ return(snapshot_strategy(
        config.get('updated_at') or (snapshot_get_time() | trim),
        '(' ~ (changed or 'false') ~ ')'
    )) }}
{% endmacro %}

{% macro snapshot_strategy(updated_at, row_changed) %}
    {%- set unique_key = config.get('unique_key') -%}
    {%- set hard_deletes = adapter.get_hard_deletes_behavior(config) -%}
    {{ return({
        'unique_key': unique_key,
        'updated_at': updated_at,
        'row_changed': row_changed,
        'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
        'invalidate_hard_deletes': hard_deletes == 'invalidate',
        'hard_deletes': hard_deletes,
    }) }}
{% endmacro %}

{#- Returns whether a column was added, and the quoted columns to compare. -#}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
    {%- if check_cols_config == 'all' -%}
        {%- set query = node.compiled_code -%}
    {%- elif check_cols_config is string or not check_cols_config -%}
        {{ exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) }}
    {%- else -%}
        {%- set query -%}
            select {{ check_cols_config | join(', ') }} from (
            {{ node.compiled_code }}
            ) as snapshot_query
        {%- endset -%}
    {%- endif -%}
    {%- if not target_exists -%}
        {{ return((false, [])) }}
    {%- endif -%}
    {%- set target_relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
    {%- set present = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
    {%- set checked, added = [], [] -%}
    {%- for column in get_columns_in_query(query) -%}
        {%- if column in present -%}
            {%- do checked.append(adapter.quote(column)) -%}
        {%- else -%}
            {%- do added.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return((added | length > 0, checked)) }}
{% endmacro %}

{% macro get_snapshot_table_column_names() %}
    {%- set names = {} -%}
    {%- set own = config.get('snapshot_meta_column_names') or {} -%}
    {%- for name in ['dbt_valid_to', 'dbt_valid_from', 'dbt_scd_id', 'dbt_updated_at', 'dbt_is_deleted'] -%}
        {%- do names.update({name: own.get(name) or name}) -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}

{% macro snapshot_hash_arguments(args) -%}
    {{ return(adapter.dispatch('snapshot_hash_arguments', 'dbt')(args)) }}
{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
    {%- set texts = [] -%}
    {%- for arg in args -%}
        {%- do texts.append("coalesce(cast(" ~ arg ~ " as varchar), '')") -%}
    {%- endfor -%}
    {{ return('md5(' ~ (texts | join(" || '|' || ")) ~ ')') }}
{%- endmacro %}

{% macro snapshot_string_as_time(timestamp) -%}
    {{ return(adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp)) }}
{%- endmacro %}

{% macro default__snapshot_string_as_time(timestamp) -%}
    {{ exceptions.raise_not_implemented('snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) }}
{%- endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) -%}
    {{ return("'" ~ timestamp ~ "'::timestamp without time zone") }}
{%- endmacro %}

{% macro duckdb__snapshot_string_as_time(timestamp) -%}
    {{ return("'" ~ timestamp ~ "'::timestamp") }}
{%- endmacro %}

{% macro snowflake__snapshot_string_as_time(timestamp) -%}
    {{ return("to_timestamp_ntz('" ~ timestamp ~ "')") }}
{%- endmacro %}

{% macro get_true_sql() -%}
    {{ return(adapter.dispatch('get_true_sql', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_true_sql() -%}
    {{ return('true') }}
{%- endmacro %}

{#- The statements of a snapshot. The first makes its table, the others find
    out what changed and write that down. -#}

{% macro build_snapshot_table(strategy, sql) -%}
    {{ return(adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql)) }}
{%- endmacro %}

{% macro default__build_snapshot_table(strategy, sql) -%}
    {{ return(_runner.snapshot_table_sql(strategy, sql)) }}
{%- endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ return(adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation)) }}
{%- endmacro %}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ return(_runner.snapshot_staging_sql(strategy, source_sql, target_relation)) }}
{%- endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
    {%- set staged = make_temp_relation(target_relation) -%}
    {%- call statement('build_snapshot_staging_relation') -%}
        {{ create_table_as(true, staged, snapshot_staging_table(strategy, sql, target_relation)) }}
    {%- endcall -%}
    {{ return(staged) }}
{% endmacro %}

{% macro create_columns(relation, columns) -%}
    {{ return(adapter.dispatch('create_columns', 'dbt')(relation, columns)) }}
{%- endmacro %}

{% macro default__create_columns(relation, columns) -%}
    {%- do _runner.alter_columns(relation, columns, []) -%}
{%- endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
    {{ return(adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols)) }}
{%- endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ return(_runner.snapshot_merge_sql(target, source, insert_cols)) }}
{%- endmacro %}

{% macro post_snapshot(staging_relation) %}
    {{ return(adapter.dispatch('post_snapshot', 'dbt')(staging_relation)) }}
{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}
    {%- do drop_relation(staging_relation) -%}
{% endmacro %}

{% macro strategy_dispatch(name) -%}
    {%- set package, _, own = name.rpartition('.') -%}
    {%- set macro = 'snapshot_' ~ (own or name) ~ '_strategy' -%}
    {%- set found = context[package][macro] if package else context.get(macro) -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error("Could not find strategy macro '" ~ macro ~ "'") }}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}
