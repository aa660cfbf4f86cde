{# The integer YYYYMMDD of a date: the key of dim_date. #}
{% macro date_key(day) -%}
    cast(
        extract(year from {{ day }}) * 10000
        + extract(month from {{ day }}) * 100
        + extract(day from {{ day }})
        as integer
    )
{%- endmacro %}
