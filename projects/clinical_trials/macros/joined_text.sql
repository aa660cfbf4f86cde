{# Aggregates texts into one, ordered by their bytes and parted by ", ". #}
{% macro joined_text(text) -%}
    {{ adapter.dispatch('joined_text', 'clinical_trials')(text) }}
{%- endmacro %}

{% macro default__joined_text(text) -%}
    string_agg({{ text }}, ', ' order by {{ byte_order(text) }})
{%- endmacro %}

{% macro snowflake__joined_text(text) -%}
    listagg({{ text }}, ', ') within group (order by {{ text }})
{%- endmacro %}
