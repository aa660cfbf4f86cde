{# A schema named by a config is used as it is, without the target's prefix:
   the tables are called transform.fct_steps and analysis.top_patients. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
