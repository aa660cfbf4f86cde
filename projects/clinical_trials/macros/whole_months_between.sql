{# Whole months from one date to another: a month counts when it is over.
   Negative when the second date comes first. #}
{% macro whole_months_between(first_day, last_day) -%}
    {%- set months -%}
        (
            (extract(year from {{ last_day }}) - extract(year from {{ first_day }})) * 12
            + extract(month from {{ last_day }}) - extract(month from {{ first_day }})
        )
    {%- endset -%}
    cast(
        {{ months }}
        - case
            when {{ months }} > 0
                and extract(day from {{ last_day }}) < extract(day from {{ first_day }})
                then 1
            when {{ months }} < 0
                and extract(day from {{ last_day }}) > extract(day from {{ first_day }})
                then -1
            else 0
        end
        as integer
    )
{%- endmacro %}
