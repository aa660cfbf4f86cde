{# The day on which something happened where it happened: of an instant and
   the minutes by which the clock there was ahead of UTC. The time zone of the
   session plays no part in it. #}
{% macro local_date(instant, offset_minutes) -%}
    {{ return(adapter.dispatch('local_date', 'patient_activity')(instant, offset_minutes)) }}
{%- endmacro %}

{% macro default__local_date(instant, offset_minutes) -%}
    cast(
        ({{ instant }} at time zone 'UTC')
        + {{ offset_minutes }} * interval '1 minute'
        as date
    )
{%- endmacro %}

{# DuckDB asks a calendar library about every row that changes its time zone;
   arithmetic takes a tenth of the time. #}
{% macro duckdb__local_date(instant, offset_minutes) -%}
    cast(
        make_timestamp(
            epoch_us({{ instant }}) + {{ offset_minutes }} * 60000000
        )
        as date
    )
{%- endmacro %}

{% macro snowflake__local_date(instant, offset_minutes) -%}
    to_date(
        dateadd(
            'minute',
            {{ offset_minutes }},
            convert_timezone('UTC', {{ instant }})
        )
    )
{%- endmacro %}
