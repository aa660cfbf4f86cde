{# The day the run stands for, as a SQL date. #}
{% macro run_date() -%}
    {%- set day = var('run_date', none) or run_started_at.strftime('%Y-%m-%d') -%}
    cast('{{ day }}' as date)
{%- endmacro %}
