{#- What templates ask while a node runs. -#}

{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') -%}
    {%- if execute -%}
        {%- set sql = caller() -%}
        {%- if name == 'main' -%}
            {{- write(sql) -}}
        {%- endif -%}
        {%- set result = adapter.execute(sql, auto_begin=auto_begin, fetch=fetch_result) -%}
        {%- if name is not none -%}
            {{- store_result(name, response=result[0], agate_table=result[1]) -}}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
    {%- set sql = caller() -%}
    {%- if name == 'main' -%}
        {{- write(sql) -}}
    {%- endif -%}
    {%- if name is not none -%}
        {{- store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) -}}
    {%- endif -%}
{%- endmacro %}

{#- Hooks of one side of the node's transaction. -#}
{% macro run_hooks(hooks, inside_transaction=true) %}
    {%- for hook in hooks if hook['transaction'] == inside_transaction -%}
        {%- if not inside_transaction and loop.first -%}
            {%- do _runner.leave_transaction() -%}
        {%- endif -%}
        {%- set sql = render(hook['sql']) | trim -%}
        {%- if sql -%}
            {%- call statement(auto_begin=inside_transaction) -%}
                {{ sql }}
            {%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{% macro make_hook_config(sql, inside_transaction) -%}
    {{ tojson({'sql': sql, 'transaction': inside_transaction}) }}
{%- endmacro %}

{% macro run_query(sql) %}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) -%}
        {{ sql }}
    {%- endcall -%}
    {{ return(load_result('run_query_statement').table) }}
{% endmacro %}

{% macro should_full_refresh() %}
    {%- set own = config.get('full_refresh') -%}
    {{ return(own if own is not none else flags.FULL_REFRESH) }}
{% endmacro %}

{% macro should_store_failures() %}
    {%- set own = config.get('store_failures') -%}
    {{ return(own if own is not none else flags.STORE_FAILURES) }}
{% endmacro %}

{% macro is_incremental() %}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set existing = adapter.get_relation(this.database, this.schema, this.identifier) -%}
    {{ return(
        existing is not none
        and existing.type == 'table'
        and config.get('materialized') == 'incremental'
        and not should_full_refresh()
    ) }}
{% endmacro %}

{% macro get_columns_in_relation(relation) -%}
    {{ return(adapter.dispatch('get_columns_in_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_columns_in_relation(relation) -%}
    {{ return(_runner.columns_in_relation(relation)) }}
{%- endmacro %}

{% macro get_columns_in_query(select_sql) -%}
    {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{%- endmacro %}

{% macro default__get_columns_in_query(select_sql) -%}
    {{ return(adapter.get_column_schema_from_query(select_sql) | map(attribute='name') | list) }}
{%- endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
    {{ return(adapter.get_column_schema_from_query(select_sql)) }}
{%- endmacro %}

{% macro set_query_tag() -%}
    {{ return(adapter.dispatch('set_query_tag', 'dbt')()) }}
{%- endmacro %}

{% macro default__set_query_tag() -%}{%- endmacro %}

{% macro unset_query_tag(original_query_tag=none) -%}
    {{ return(adapter.dispatch('unset_query_tag', 'dbt')(original_query_tag)) }}
{%- endmacro %}

{% macro default__unset_query_tag(original_query_tag=none) -%}{%- endmacro %}

{% macro in_transaction(sql) -%}
    {{ return({'sql': sql, 'transaction': true}) }}
{%- endmacro %}

{% macro before_begin(sql) -%}
    {{ return({'sql': sql, 'transaction': false}) }}
{%- endmacro %}

{% macro after_commit(sql) -%}
    {{ return({'sql': sql, 'transaction': false}) }}
{%- endmacro %}

{% macro get_quoted_csv(column_names) -%}
    {%- set quoted = [] -%}
    {%- for name in column_names -%}
        {%- do quoted.append(adapter.quote(name)) -%}
    {%- endfor -%}
    {{ return(quoted | join(', ')) }}
{%- endmacro %}
