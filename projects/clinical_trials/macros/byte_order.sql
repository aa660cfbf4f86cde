{# A text as something to order by that every warehouse orders alike: by its
   bytes, not by the rules of the server's language. #}
{% macro byte_order(text) -%}
    {{ adapter.dispatch('byte_order', 'clinical_trials')(text) }}
{%- endmacro %}

{% macro default__byte_order(text) -%}
    {{ text }}
{%- endmacro %}

{% macro postgres__byte_order(text) -%}
    {{ text }} collate "C"
{%- endmacro %}
