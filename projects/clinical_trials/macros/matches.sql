{# Whether the whole of a text matches a regular expression. Write the pattern
   with ^ and $ and without backslashes: every warehouse then reads it alike. #}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches', 'clinical_trials')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    {{ text }} ~ '{{ pattern }}'
{%- endmacro %}

{% macro snowflake__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}
