{#- What dbt-duckdb adds to dbt: models kept in files of their own, which a view
    reads, and models that are functions. -#}

{% macro external_location(relation, config) -%}
    {%- set whole = config.get('options', {}).get('partition_by') is none -%}
    {{ adapter.external_root() ~ '/' ~ relation.identifier ~ ('.' ~ config.get('format', 'parquet') if whole else '') }}
{%- endmacro %}

{% macro location_exists(location) -%}
    {{ return(adapter.location_exists(location)) }}
{%- endmacro %}

{% macro write_to_file(relation, location, options) -%}
    {%- call statement('write_to_file') -%}
        copy {{ relation }} to '{{ location }}' ({{ options }})
    {%- endcall -%}
{%- endmacro %}

{% macro store_relation(plugin, relation, location, format, config) -%}
    {%- do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) -%}
{%- endmacro %}

{#- The options of copy: those of the model, rendered, and two that once had
    configs of their own. -#}
{% macro render_write_options(config) -%}
    {%- set given, options = config.get('options', {}), {} -%}
    {%- if given is not mapping -%}
        {{ exceptions.raise_compiler_error('The options argument must be a dictionary') }}
    {%- endif -%}
    {%- for name, value in given.items() -%}
        {%- do options.update({name: render(value)}) -%}
    {%- endfor -%}
    {%- for name in ['format', 'delimiter'] if config.get(name) -%}
        {%- do options.update({name: render(config.get(name))}) -%}
    {%- endfor -%}
    {{ return(options) }}
{%- endmacro %}

{#- What reads the files again. A file without rows was written with one that
    is null all over, so that it has its columns. -#}
{% macro _read_files(location, format, options, columns, hidden) -%}
    {%- set readers = {
        'parquet': ['parquet_read_options', {'union_by_name': false}],
        'json': ['json_read_options', {'auto_detect': true}],
        'csv': ['csv_read_options', {'auto_detect': true}],
    } -%}
    {%- set settings = dict(config.get(readers[format][0]) or readers[format][1]) -%}
    {%- if options.get('compression') and format != 'parquet' and 'compression' not in settings -%}
        {%- do settings.update({'compression': options['compression']}) -%}
    {%- endif -%}
    select * from read_{{ format }}('{{ location }}'
    {%- for name, value in settings.items() %}, {{ name }}={{ "'" ~ value ~ "'" if value is string else value }}{% endfor -%}
    )
    {%- for column in columns if hidden %}{{ ' where' if loop.first else ' and' }} {{ column.quoted }} is not null{% endfor -%}
{%- endmacro %}

{% materialization external, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- if config.get('plugin') is not none or config.get('glue_register', default=false) -%}
        {{ exceptions.raise_compiler_error('external: plugins, and registering in Glue, are Python modules, which this program does without') }}
    {%- endif -%}
    {%- set location = render(config.get('location', default=external_location(this, config))) -%}
    {%- set options = render_write_options(config) -%}
    {%- set written = adapter.external_write_options(location, options) -%}
    {%- set format = config.get('format') or (options['format'] | lower if options['format'] | lower in ['csv', 'json'] else 'parquet') -%}
    {%- if format not in ['csv', 'parquet', 'json'] -%}
        {{ exceptions.raise_compiler_error('Invalid format: ' ~ format ~ '. Allowed formats are: csv, parquet, json') }}
    {%- endif -%}

    {%- set target = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set table = make_intermediate_relation(this.incorporate(type='table'), suffix='__dbt_tmp') -%}
    {%- set view = make_intermediate_relation(target, suffix='__dbt_int') -%}
    {%- set backup = make_backup_relation(target, existing.type if existing else 'table') -%}
    {%- for leftover in [view, table, backup] -%}
        {%- do drop_relation_if_exists(load_cached_relation(leftover)) -%}
    {%- endfor -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- call statement('create_table') -%}
        {{ create_table_as(False, table, compiled_code) }}
    {%- endcall -%}
    {%- set columns = adapter.get_columns_in_relation(table) -%}
    {%- set hidden = run_query('select count(*) from ' ~ table)[0][0] == 0 -%}
    {%- if hidden -%}
        {%- call statement('fill') -%}
            insert into {{ table }} values ({{ (['null'] * (columns | length)) | join(', ') }})
        {%- endcall -%}
    {%- endif -%}
    {%- do write_to_file(table, location, written) -%}
    {%- call statement('main') -%}
        create or replace view {{ view }} as (
            {{ _read_files(adapter.external_read_location(location, options), format, options, columns, hidden) }}
        )
    {%- endcall -%}
    {%- if existing -%}
        {%- do adapter.rename_relation(existing, backup) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(view, target) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {%- do drop_relation_if_exists(backup if existing else none) -%}
    {%- do drop_relation_if_exists(table) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% materialization table_function, adapter='duckdb' %}
    {%- set target = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='view') -%}
    {%- set parameters = config.get('parameters') or '' -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        create or replace function {{ target.render() }}({{ parameters if parameters is string or parameters is number else parameters | join(', ') }}) as table (
            {{ sql }}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{#- For on-run-start: makes the views of models that are read in this run and
    were not built by it, where the database is a new one. -#}
{% macro register_upstream_external_models() -%}
    {%- set upstream = [] -%}
    {%- for id in selected_resources if execute and id in graph.nodes -%}
        {%- for parent in graph.nodes[id].depends_on.nodes if parent not in selected_resources and parent not in upstream -%}
            {%- do upstream.append(parent) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set made = [] -%}
    {%- for id in upstream -%}
        {%- set node = graph.nodes.get(id) -%}
        {%- if node and node.resource_type in ['model', 'seed'] and node.config.materialized == 'external' -%}
            {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) -%}
            {%- set location = node.config.get('location', external_location(relation, node.config)) -%}
            {%- set files = adapter.external_read_location(location, render_write_options(node.config)) -%}
            {%- if relation.schema not in made -%}
                {%- do run_query('create schema if not exists ' ~ relation.without_identifier()) -%}
                {%- do made.append(relation.schema) -%}
            {%- endif -%}
            {%- do run_query('create or replace view ' ~ relation ~ ' as (select * from \'' ~ files ~ '\')') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
