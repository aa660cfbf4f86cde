{# A schema named by a config is used as it is, without the target's prefix:
   `staging` is the schema the raw tables are loaded into. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
