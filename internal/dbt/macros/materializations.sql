{#- How dbt itself builds nodes. The program that runs them does it; a project
    may call these from materializations of its own. -#}

{% materialization view, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization table, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization incremental, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization incremental, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization materialized_view, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization seed, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization snapshot, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization test, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% materialization unit, default %}
    {{ return(_runner.materialize()) }}
{% endmaterialization %}

{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {{ return(adapter.dispatch('get_test_sql', 'dbt')(main_sql, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}

{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {{ return(_runner.test_sql(get_limit_subquery_sql(main_sql, limit), fail_calc, warn_if, error_if)) }}
{%- endmacro %}

{% macro get_limit_subquery_sql(sql, limit) -%}
    {{ return(adapter.dispatch('get_limit_sql', 'dbt')(sql, limit)) }}
{%- endmacro %}

{% macro default__get_limit_sql(sql, limit) -%}
    {{ return(sql if limit is none else sql ~ '\nlimit ' ~ limit) }}
{%- endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
    {{ sql_header ~ '\n' if sql_header is not none -}}
    {{ get_limit_subquery_sql(compiled_code, limit) }}
{%- endmacro %}
