{#- The statements by which tables, views and indexes come to be. -#}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code)) }}
{%- endmacro %}

{% macro default__create_table_as(temporary, relation, sql) -%}
    {{ return(_runner.create_table_sql(temporary, relation, sql)) }}
{%- endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ return(_runner.create_table_sql(temporary, relation, sql)) }}
{%- endmacro %}

{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {{ return(_runner.create_table_sql(temporary, relation, compiled_code)) }}
{%- endmacro %}

{% macro get_create_view_as_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
    {{ return(adapter.dispatch('create_view_as', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
    {{ return(_runner.create_view_sql(relation, sql)) }}
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {{ return(_runner.create_view_sql(relation, sql)) }}
{%- endmacro %}

{#- Stops where a contract and the query do not agree; renders as nothing. -#}
{% macro get_assert_columns_equivalent(sql) -%}
    {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{% macro assert_columns_equivalent(sql) -%}
    {%- do _runner.check_contract(sql) -%}
{%- endmacro %}

{% macro get_table_columns_and_constraints() -%}
    {{ return(adapter.dispatch('get_table_columns_and_constraints', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_table_columns_and_constraints() -%}
    {{ return(table_columns_and_constraints()) }}
{%- endmacro %}

{% macro table_columns_and_constraints() -%}
    ({{ _runner.column_definitions() }})
{%- endmacro %}

{% macro get_column_names() -%}
    {{ return(adapter.dispatch('get_column_names', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_column_names() -%}
    {{ return(_runner.declared_columns()) }}
{%- endmacro %}

{% macro get_select_subquery(sql) -%}
    {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_select_subquery(sql) -%}
    select {{ adapter.dispatch('get_column_names', 'dbt')() }}
    from (
        {{ sql }}
    ) as model_subq
{%- endmacro %}

{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{%- endmacro %}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ select_sql_header ~ '\n' if select_sql_header is not none -}}
    select * from (
        {{ select_sql }}
    ) as empty_subquery
    where false
    limit 0
{%- endmacro %}

{% macro create_indexes(relation) -%}
    {{ return(adapter.dispatch('create_indexes', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__create_indexes(relation) -%}
    {%- for index_dict in config.get('indexes', default=[]) or [] -%}
        {%- set sql = get_create_index_sql(relation, index_dict) -%}
        {%- if sql -%}
            {%- do run_query(sql) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro get_create_index_sql(relation, index_dict) -%}
    {{ return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) }}
{%- endmacro %}

{% macro default__get_create_index_sql(relation, index_dict) -%}
    {{ return(_runner.create_index_sql(relation, index_dict)) }}
{%- endmacro %}

{% macro get_drop_index_sql(relation, index_name) -%}
    {{ return(adapter.dispatch('get_drop_index_sql', 'dbt')(relation, index_name)) }}
{%- endmacro %}

{% macro default__get_drop_index_sql(relation, index_name) -%}
    {{ return(_runner.drop_index_sql(relation, index_name)) }}
{%- endmacro %}

{% macro get_show_indexes_sql(relation) -%}
    {{ return(adapter.dispatch('get_show_indexes_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_show_indexes_sql(relation) -%}
    {{ exceptions.raise_compiler_error('get_show_indexes_sql: this database does not list its indexes') }}
{%- endmacro %}

{% macro postgres__get_show_indexes_sql(relation) -%}
    select
        index_class.relname as name,
        pg_am.amname as method,
        pg_index.indisunique as "unique",
        string_agg(pg_attribute.attname, ',') as column_names
    from pg_catalog.pg_index as pg_index
    inner join pg_catalog.pg_class as index_class
        on pg_index.indexrelid = index_class.oid
    inner join pg_catalog.pg_am as pg_am
        on index_class.relam = pg_am.oid
    inner join pg_catalog.pg_class as table_class
        on pg_index.indrelid = table_class.oid
    inner join pg_catalog.pg_namespace as pg_namespace
        on table_class.relnamespace = pg_namespace.oid
    inner join pg_catalog.pg_attribute as pg_attribute
        on table_class.oid = pg_attribute.attrelid
        and pg_attribute.attnum = any(pg_index.indkey)
    where
        table_class.relname = '{{ escape_single_quotes(relation.identifier) }}'
        and pg_namespace.nspname = '{{ escape_single_quotes(relation.schema) }}'
        and table_class.relkind in ('r', 'm')
    group by 1, 2, 3
    order by 1, 2, 3
{%- endmacro %}

{% macro drop_indexes_on_relation(relation) -%}
    {%- do _runner.drop_indexes(relation) -%}
{%- endmacro %}
