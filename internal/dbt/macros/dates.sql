{#- Dates and times, and the series made of them. -#}

{% macro current_timestamp() -%}
    {{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp() -%}
    {{ exceptions.raise_not_implemented('current_timestamp macro not implemented for adapter ' ~ adapter.type()) }}
{%- endmacro %}
{% macro postgres__current_timestamp() -%} now() {%- endmacro %}
{% macro duckdb__current_timestamp() -%} now() {%- endmacro %}
{% macro snowflake__current_timestamp() -%} convert_timezone('UTC', current_timestamp()) {%- endmacro %}

{% macro current_timestamp_backcompat() -%}
    {{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp_backcompat() -%} current_timestamp::timestamp {%- endmacro %}
{% macro postgres__current_timestamp_backcompat() -%} current_timestamp::{{ type_timestamp() }} {%- endmacro %}
{% macro snowflake__current_timestamp_backcompat() -%} current_timestamp::{{ type_timestamp() }} {%- endmacro %}

{% macro current_timestamp_in_utc_backcompat() -%}
    {{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() -%} {{ current_timestamp_backcompat() }} {%- endmacro %}
{% macro postgres__current_timestamp_in_utc_backcompat() -%} (current_timestamp at time zone 'utc')::{{ type_timestamp() }} {%- endmacro %}

{% macro snapshot_get_time() -%}
    {{ return(adapter.dispatch('snapshot_get_time', 'dbt')()) }}
{%- endmacro %}
{% macro default__snapshot_get_time() -%} {{ current_timestamp() }} {%- endmacro %}
{% macro postgres__snapshot_get_time() -%} {{ current_timestamp() }}::timestamp without time zone {%- endmacro %}
{% macro duckdb__snapshot_get_time() -%} {{ current_timestamp() }}::timestamp {%- endmacro %}
{% macro snowflake__snapshot_get_time() -%} to_timestamp_ntz({{ current_timestamp() }}) {%- endmacro %}

{% macro date(year, month, day) -%}
    {{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}
{%- endmacro %}
{% macro default__date(year, month, day) -%}
    to_date('{{ '%04d-%02d-%02d' % (year, month, day) }}', 'YYYY-MM-DD')
{%- endmacro %}
{% macro duckdb__date(year, month, day) -%} make_date({{ year }}, {{ month }}, {{ day }}) {%- endmacro %}

{% macro date_trunc(datepart, date) -%}
    {{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}
{%- endmacro %}
{% macro default__date_trunc(datepart, date) -%} date_trunc('{{ datepart }}', {{ date }}) {%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    dateadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro %}
{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{%- endmacro %}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- if datepart | lower == 'quarter' -%}
        ({{ from_date_or_timestamp }} + (cast({{ interval }} as bigint) * 3) * interval 1 month)
    {%- elif datepart | lower == 'week' -%}
        ({{ from_date_or_timestamp }} + (cast({{ interval }} as bigint) * 7) * interval 1 day)
    {%- else -%}
        ({{ from_date_or_timestamp }} + cast({{ interval }} as bigint) * interval 1 {{ datepart }})
    {%- endif -%}
{%- endmacro %}

{% macro datediff(first_date, second_date, datepart) -%}
    {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{%- endmacro %}
{% macro default__datediff(first_date, second_date, datepart) -%}
    datediff({{ datepart }}, {{ first_date }}, {{ second_date }})
{%- endmacro %}

{#- Counts the boundaries between two moments, not the whole units. A larger
    part's count, times its units, plus the difference within. -#}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
    {%- set a, b = '(' ~ first_date ~ ')::timestamp', '(' ~ second_date ~ ')::timestamp' -%}
    {%- set parts = {} -%}
    {%- for name in ['year', 'quarter', 'month', 'hour', 'minute'] -%}
        {%- do parts.update({name: "(date_part('" ~ name ~ "', " ~ b ~ ") - date_part('" ~ name ~ "', " ~ a ~ "))"}) -%}
    {%- endfor -%}
    {%- if datepart == 'year' -%} {{ parts.year }}
    {%- elif datepart == 'quarter' -%} ({{ parts.year }} * 4 + {{ parts.quarter }})
    {%- elif datepart == 'month' -%} ({{ parts.year }} * 12 + {{ parts.month }})
    {%- elif datepart == 'day' -%} (({{ second_date }})::date - ({{ first_date }})::date)
    {%- elif datepart == 'week' -%}
        (
            (({{ second_date }})::date - date_part('dow', {{ b }})::int)
            - (({{ first_date }})::date - date_part('dow', {{ a }})::int)
        ) / 7
    {%- elif datepart == 'hour' -%} ({{ postgres__datediff(first_date, second_date, 'day') }} * 24 + {{ parts.hour }})
    {%- elif datepart == 'minute' -%} ({{ postgres__datediff(first_date, second_date, 'hour') }} * 60 + {{ parts.minute }})
    {%- elif datepart == 'second' -%}
        ({{ postgres__datediff(first_date, second_date, 'minute') }} * 60 + floor(date_part('second', {{ b }})) - floor(date_part('second', {{ a }})))
    {%- elif datepart == 'millisecond' -%}
        ({{ postgres__datediff(first_date, second_date, 'minute') }} * 60000 + floor(date_part('millisecond', {{ b }})) - floor(date_part('millisecond', {{ a }})))
    {%- elif datepart == 'microsecond' -%}
        ({{ postgres__datediff(first_date, second_date, 'minute') }} * 60000000 + floor(date_part('microsecond', {{ b }})) - floor(date_part('microsecond', {{ a }})))
    {%- else -%}
        {{ exceptions.raise_compiler_error('Unsupported datepart for macro datediff in postgres: ' ~ datepart) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == 'week' -%}
        (date_diff('day', {{ first_date }}::timestamp, {{ second_date }}::timestamp)
            + date_part('dow', {{ first_date }}::timestamp) - date_part('dow', {{ second_date }}::timestamp))::bigint // 7
    {%- else -%}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {%- endif -%}
{%- endmacro %}

{% macro last_day(date, datepart) -%}
    {{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}
{%- endmacro %}
{% macro default__last_day(date, datepart) -%}
    cast({{ dateadd('day', '-1', dateadd(datepart, '1', date_trunc(datepart, date))) }} as date)
{%- endmacro %}
{% macro postgres__last_day(date, datepart) -%}
    {%- if datepart == 'quarter' -%}
        cast({{ dateadd('day', '-1', dateadd('month', '3', date_trunc(datepart, date))) }} as date)
    {%- else -%}
        {{ default__last_day(date, datepart) }}
    {%- endif -%}
{%- endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) -%}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}
{%- endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
    {%- if not execute -%} {{ return(1) }} {%- endif -%}
    {%- set counted = run_query('select ' ~ datediff(start_date, end_date, datepart)) -%}
    {{ return(counted.columns[0].values()[0] | int if counted.rows | length > 0 else 1) }}
{%- endmacro %}

{% macro get_powers_of_two(upper_bound) -%}
    {{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}
{%- endmacro %}
{% macro default__get_powers_of_two(upper_bound) -%}
    {%- if upper_bound <= 0 -%} {{ exceptions.raise_compiler_error('upper bound must be positive') }} {%- endif -%}
    {%- for exponent in range(1, 100) -%}
        {%- if upper_bound <= 2 ** exponent -%} {{ return(exponent) }} {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro generate_series(upper_bound) -%}
    {{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}
{%- endmacro %}
{% macro default__generate_series(upper_bound) -%}
    {%- set powers = get_powers_of_two(upper_bound) -%}
    with digits as (
        select 0 as digit union all select 1
    ),
    numbers as (
        select
            {% for i in range(powers) -%}
            p{{ i }}.digit * {{ 2 ** i }}{{ ' + ' if not loop.last }}
            {%- endfor %}
            + 1 as generated_number
        from
            {% for i in range(powers) -%}
            digits as p{{ i }}{{ ' cross join ' if not loop.last }}
            {%- endfor %}
    )
    select generated_number
    from numbers
    where generated_number <= {{ upper_bound }}
    order by generated_number
{%- endmacro %}
{% macro duckdb__generate_series(upper_bound) -%}
    select unnest(generate_series(1, {{ upper_bound }})) as generated_number
{%- endmacro %}

{#- One row per part from start_date on; the day at end_date is not among them. -#}
{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{%- endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) -%}
    with series as (
        {{ generate_series(get_intervals_between(start_date, end_date, datepart)) }}
    ),
    moments as (
        select {{ dateadd(datepart, 'row_number() over (order by generated_number) - 1', start_date) }} as date_{{ datepart }}
        from series
    )
    select *
    from moments
    where date_{{ datepart }} <= {{ end_date }}
{%- endmacro %}
