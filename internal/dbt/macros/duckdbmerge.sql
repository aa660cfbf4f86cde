{#- DuckDB's merge, as dbt-duckdb's configs compose it: by name, unless a model
    says which columns, on which conditions, or every clause. -#}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
    {{ return(get_merge_sql(
        args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'],
        args_dict['dest_columns'], normalize_incremental_predicates(args_dict.get('incremental_predicates'))
    )) }}
{% endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- do validate_merge_config(config, target) -%}
    {%- set clauses = config.get('merge_clauses') or {} -%}
    {%- set standard = merge_clause_defaults(
        config.get('merge_update_condition'), config.get('merge_insert_condition'),
        config.get('merge_update_columns') or [], config.get('merge_exclude_columns') or [],
        config.get('merge_update_set_expressions') or {}
    ) -%}
    {%- set explicit = config.get('merge_update_columns') or config.get('merge_exclude_columns') or config.get('merge_update_set_expressions') -%}
    {%- set update = standard['when_matched_update_explicit' if explicit else 'when_matched_update_by_name'] -%}
    {{ config.get('sql_header') ~ '\n' if config.get('sql_header') -}}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns') or [], incremental_predicates) }}
    {%- for clause in clauses.get('when_matched', [update]) %}
    when matched{{ _merge_condition(clause) }} then {{ _merge_action(clause, dest_columns) }}
    {%- endfor %}
    {%- for clause in clauses.get('when_not_matched', [standard['when_not_matched_insert_by_name']]) %}
    when not matched{{ ' by ' ~ clause['by'] if clause.get('by') }}{{ _merge_condition(clause) }} then {{ _merge_action(clause, dest_columns) }}
    {%- endfor %}
    {%- set returning = config.get('merge_returning_columns') %}
    {%- if returning %}
    returning {{ returning if returning is string else returning | join(', ') }}
    {%- endif %}
{%- endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
    {%- set conditions = [] -%}
    {%- set keys = [unique_key] if unique_key is string else (unique_key or []) -%}
    {%- for key in keys if not merge_on_using_columns -%}
        {%- do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}
    {%- endfor -%}
    {%- if not keys and not merge_on_using_columns -%}
        {%- do conditions.append('false') -%}
    {%- endif -%}
    {%- set conditions = conditions + (incremental_predicates or []) -%}
    {{ 'using (' ~ merge_on_using_columns | join(', ') ~ ')' if merge_on_using_columns -}}
    {{ ' ' if merge_on_using_columns and conditions -}}
    {{ 'on (' ~ conditions | join(') and (') ~ ')' if conditions }}
{%- endmacro %}

{% macro merge_clause_defaults(merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}) -%}
    {%- set update = {'action': 'update', 'condition': merge_update_condition} -%}
    {%- set columns = {'include': merge_update_columns, 'exclude': merge_exclude_columns, 'set_expressions': merge_update_set_expressions} -%}
    {{ return({
        'when_matched_update_by_name': dict(update, mode='by_name'),
        'when_matched_update_explicit': dict(update, mode='explicit', update=columns),
        'when_not_matched_insert_by_name': {'action': 'insert', 'condition': merge_insert_condition, 'mode': 'by_name'},
    }) }}
{%- endmacro %}

{% macro _merge_condition(clause) -%}
    {%- set condition = clause.get('condition') -%}
    {%- if condition is string and condition %} and {{ condition }}
    {%- elif condition %} and ({{ condition | join(') and (') }})
    {%- endif -%}
{%- endmacro %}

{% macro _merge_action(clause, dest_columns) -%}
    {%- set action, mode = clause.get('action'), clause.get('mode') -%}
    {%- set message = clause.get('error_message') or '' -%}
    {%- if action in ['delete', 'do_nothing'] -%}
        {{ action | replace('_', ' ') }}
    {%- elif action == 'error' -%}
        error{{ " '" ~ message | replace("'", "''") ~ "'" if message }}
    {%- elif action in ['update', 'insert'] and mode in ['by_name', 'by_position'] -%}
        {{ action ~ ' ' ~ mode | replace('_', ' ') }}
    {%- elif mode == 'star' -%}
        {{ 'update set *' if action == 'update' else 'insert *' }}
    {%- elif action == 'insert' and mode == 'explicit' -%}
        {%- set given = clause.get('insert', {}) -%}
        insert ({{ given.get('columns', []) | join(', ') }}) values ({{ given.get('values', []) | join(', ') }})
    {%- elif action == 'update' -%}
        update set {{ _merge_assignments(clause, dest_columns) | join(', ') }}
    {%- endif -%}
{%- endmacro %}

{#- What an update sets: expressions first, then the other columns as they
    arrive. Of rows that are only in the table nothing arrives. -#}
{% macro _merge_assignments(clause, dest_columns) -%}
    {%- set chosen = clause.get('update', {}) -%}
    {%- set expressions = chosen.get('set_expressions') or clause.get('set_expressions') or {} -%}
    {%- set assignments = [] -%}
    {%- for column, expression in expressions.items() -%}
        {%- do assignments.append(column ~ ' = ' ~ expression) -%}
    {%- endfor -%}
    {%- if clause.get('mode') == 'explicit' -%}
        {%- for column in get_merge_update_columns(chosen.get('include'), chosen.get('exclude'), dest_columns) -%}
            {%- if column | replace('"', '') not in expressions -%}
                {%- do assignments.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(assignments) }}
{%- endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) -%}
    {{ return([incremental_predicates] if incremental_predicates is string else (incremental_predicates or [])) }}
{%- endmacro %}

{% macro validate_merge_config(config, target_relation=none) -%}
    {%- set problems = [] -%}
    {%- set basic = [
        'merge_update_condition', 'merge_insert_condition', 'merge_on_using_columns', 'merge_update_columns',
        'merge_update_set_expressions', 'merge_exclude_columns', 'merge_returning_columns',
    ] -%}
    {%- for name in basic -%}
        {%- set value = config.get(name) -%}
        {%- if value is none -%}
        {%- elif name in ['merge_update_condition', 'merge_insert_condition'] -%}
            {%- if value is not string %}{% do problems.append(name ~ ' must be a string, found: ' ~ value) %}{% endif -%}
        {%- elif name == 'merge_update_set_expressions' -%}
            {%- if value is not mapping %}{% do problems.append(name ~ ' must be a dictionary, found: ' ~ value) %}{% endif -%}
        {%- elif value is string or value is mapping or value is not sequence -%}
            {%- do problems.append(name ~ ' must be a list') -%}
        {%- else -%}
            {%- for item in value if item is not string -%}
                {%- do problems.append(name ~ ' must contain only string values, found: ' ~ item) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do validate_merge_clauses(config, basic, problems) -%}
    {%- if problems -%}
        {{ exceptions.raise_compiler_error('MERGE configuration errors:\n' ~ problems | join('\n')) }}
    {%- endif -%}
{%- endmacro %}

{% macro validate_merge_clauses(config, base_configuration_fields, errors) -%}
    {%- set clauses = config.get('merge_clauses') -%}
    {%- if clauses is none %}{{ return('') }}{% endif -%}
    {%- if clauses is not mapping -%}
        {%- do errors.append('merge_clauses must be a dictionary, found: ' ~ clauses) -%}
        {{ return('') }}
    {%- endif -%}
    {%- if 'when_matched' not in clauses and 'when_not_matched' not in clauses -%}
        {%- do errors.append("merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys") -%}
    {%- endif -%}
    {%- for key in ['when_matched', 'when_not_matched'] if key in clauses -%}
        {%- set list = clauses[key] -%}
        {%- if list is string or list is mapping or list is not sequence -%}
            {%- do errors.append('merge_clauses.' ~ key ~ ' must be a list') -%}
        {%- elif not list -%}
            {%- do errors.append('merge_clauses.' ~ key ~ ' must contain at least one element') -%}
        {%- else -%}
            {%- for clause in list if clause is not mapping -%}
                {%- do errors.append('merge_clauses.' ~ key ~ ' elements must be dictionaries, found: ' ~ clause) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set ignored = [] -%}
    {%- for name in base_configuration_fields if config.get(name) and name not in ['merge_on_using_columns', 'merge_returning_columns'] -%}
        {%- do ignored.append(name) -%}
    {%- endfor -%}
    {%- if ignored -%}
        {%- do errors.append(
            'When merge_clauses is specified, the following basic merge configurations will be ignored and should be removed: '
            ~ ignored | join(', ') ~ '. Define your merge behavior within merge_clauses instead.'
        ) -%}
    {%- endif -%}
{%- endmacro %}
