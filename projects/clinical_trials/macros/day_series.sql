{# One row per day, both ends included, in a column `full_date`. #}
{% macro day_series(first_day, last_day) -%}
    {{ adapter.dispatch('day_series', 'clinical_trials')(first_day, last_day) }}
{%- endmacro %}

{% macro default__day_series(first_day, last_day) -%}
    select cast(series.moment as date) as full_date
    from generate_series(
        cast('{{ first_day }}' as timestamp),
        cast('{{ last_day }}' as timestamp),
        interval '1 day'
    ) as series (moment)
{%- endmacro %}

{% macro snowflake__day_series(first_day, last_day) -%}
    select
        dateadd(
            day,
            row_number() over (order by seq4()) - 1,
            cast('{{ first_day }}' as date)
        ) as full_date
    from table(generator(rowcount => 100000))
    qualify full_date <= cast('{{ last_day }}' as date)
{%- endmacro %}
