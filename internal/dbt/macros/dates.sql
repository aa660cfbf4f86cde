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
{% macro default__current_timestamp_backcompat() %}
    current_timestamp::timestamp
{% endmacro %}
{% macro postgres__current_timestamp_backcompat() %}
    current_timestamp::{{ dbt.type_timestamp() }}
{% endmacro %}
{% macro snowflake__current_timestamp_backcompat() %}
    current_timestamp::{{ dbt.type_timestamp() }}
{% endmacro %}

{% macro current_timestamp_in_utc_backcompat() -%}
    {{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}
{%- endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() %}
    {{ return(dbt.current_timestamp_backcompat()) }}
{% endmacro %}
{% macro postgres__current_timestamp_in_utc_backcompat() %}
    (current_timestamp at time zone 'utc')::{{ dbt.type_timestamp() }}
{% endmacro %}
{% macro snowflake__current_timestamp_in_utc_backcompat() %}
    convert_timezone('UTC', {{ dbt.current_timestamp_backcompat() | trim }})::{{ dbt.type_timestamp() }}
{% endmacro %}

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
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) %}
    dateadd(
        {{ datepart }},
        {{ interval }},
        {{ from_date_or_timestamp }}
    )
{% endmacro %}
{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) %}
    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))
{% endmacro %}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}
    {% if datepart | lower == 'quarter' -%}
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
    datediff(
        {{ datepart }},
        {{ first_date }},
        {{ second_date }}
    )
{%- endmacro %}

{#- Counts the boundaries between two moments, not the whole units: a larger
    part's count, times its units, plus the difference within. -#}
{% macro postgres__datediff(first_date, second_date, datepart) %}
    {%- set a, b = '(' ~ first_date ~ ')', '(' ~ second_date ~ ')' %}
    {% if datepart == 'year' -%}
    (date_part('year', {{ b }}::date) - date_part('year', {{ a }}::date))
    {%- elif datepart in ['quarter', 'month'] -%}
    ({{ dbt.datediff(first_date, second_date, 'year') }} * {{ {'quarter': 4, 'month': 12}[datepart] }} + date_part('{{ datepart }}', {{ b }}::date) - date_part('{{ datepart }}', {{ a }}::date))
    {%- elif datepart == 'day' -%}
    ({{ b }}::date - {{ a }}::date)
    {%- elif datepart == 'week' -%}
    ({{ dbt.datediff(first_date, second_date, 'day') }} / 7 + {{ dbt._week_begun(first_date, second_date) }})
    {%- elif datepart in ['hour', 'minute'] -%}
    ({{ dbt.datediff(first_date, second_date, {'hour': 'day', 'minute': 'hour'}[datepart]) }} * {{ {'hour': 24, 'minute': 60}[datepart] }} + date_part('{{ datepart }}', {{ b }}::timestamp) - date_part('{{ datepart }}', {{ a }}::timestamp))
    {%- elif datepart in ['second', 'millisecond', 'microsecond'] -%}
    ({{ dbt.datediff(first_date, second_date, 'minute') }} * {{ {'second': 60, 'millisecond': 60000, 'microsecond': 60000000}[datepart] }} + floor(date_part('{{ datepart }}', {{ b }}::timestamp)) - floor(date_part('{{ datepart }}', {{ a }}::timestamp)))
    {%- else -%}
    {{ exceptions.raise_compiler_error('Unsupported datepart for macro datediff in postgres: ' ~ datepart) }}
    {%- endif %}
{% endmacro %}

{% macro duckdb__datediff(first_date, second_date, datepart) %}
    {% if datepart == 'week' -%}
    ({{ dbt.datediff(first_date, second_date, 'day') }} // 7 + {{ dbt._week_begun(first_date, second_date) }})
    {%- else -%}
    (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {%- endif %}
{% endmacro %}

{#- Whether a Sunday lies in what is left of two dates' distance after its whole
    weeks. -#}
{% macro _week_begun(first_date, second_date) -%}
    case
        when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
            case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
        else
            case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
    end
{%- endmacro %}

{% macro last_day(date, datepart) -%}
    {{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}
{%- endmacro %}
{% macro default__last_day(date, datepart) -%}
    {{ dbt._day_before_next(date, datepart, datepart, '1') }}
{%- endmacro %}
{% macro postgres__last_day(date, datepart) -%}
    {{ dbt._day_before_next_quarter(date) if datepart == 'quarter' else dbt.default__last_day(date, datepart) }}
{%- endmacro %}
{% macro duckdb__last_day(date, datepart) -%}
    {{ dbt._day_before_next_quarter(date) if datepart == 'quarter' else dbt.default__last_day(date, datepart) }}
{%- endmacro %}

{#- Some databases cannot add a quarter to a date, all can add three months. -#}
{% macro _day_before_next_quarter(date) %}
    {{ dbt._day_before_next(date, 'quarter', 'month', '3') }}
{%- endmacro %}
{% macro _day_before_next(date, datepart, step, steps) -%}
    cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd(step, steps, dbt.date_trunc(datepart, date))) }}
        as date)
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
{% macro default__generate_series(upper_bound) %}
    {%- set powers = dbt.get_powers_of_two(upper_bound) %}
    with p as (
        select 0 as generated_number union all select 1
    ), unioned as (

    select

    {% for i in range(powers) -%}
    p{{ i }}.generated_number * power(2, {{ i }})
    {% if not loop.last %}+ {% endif %}
    {%- endfor %}
    + 1
    as generated_number

    from

    {% for i in range(powers) -%}
    p as p{{ i }}
    {% if not loop.last %}cross join {% endif %}
    {%- endfor %}

    )

    select *
    from unioned
    where generated_number <= {{ upper_bound }}
    order by generated_number
{% endmacro %}
{% macro duckdb__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}

{#- One row per part from start_date on; the day at end_date is not among them. -#}
{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{%- endmacro %}
{% macro default__date_spine(datepart, start_date, end_date) %}
    with rawdata as (

        {{ dbt.generate_series(dbt.get_intervals_between(start_date, end_date, datepart)) }}

    ),

    all_periods as (

        select (
            {{ dbt.dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) }}
        ) as date_{{ datepart }}
        from rawdata

    ),

    filtered as (

        select *
        from all_periods
        where date_{{ datepart }} <= {{ end_date }}

    )

    select * from filtered
{% endmacro %}

{#- Python's dates, for loops over days. -#}

{% macro convert_datetime(date_str, date_fmt) -%}
    {{ return(modules.datetime.datetime.strptime(date_str | string, date_fmt)) }}
{%- endmacro %}

{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') -%}
    {%- set first = dbt.convert_datetime(start_date_str, in_fmt) -%}
    {%- set last = dbt.convert_datetime(end_date_str or start_date_str, in_fmt) -%}
    {%- set days = [] -%}
    {%- for i in range((last - first).days + 1) -%}
        {%- do days.append((first + modules.datetime.timedelta(days=i)).strftime(out_fmt)) -%}
    {%- endfor -%}
    {%- if not days -%}
        {{ exceptions.raise_compiler_error('Partition start date is after the end date: ' ~ start_date_str ~ ', ' ~ end_date_str) }}
    {%- endif -%}
    {{ return(days) }}
{%- endmacro %}

{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') -%}
    {%- set ends = (raw_partition_date | string).split(',') -%}
    {%- if ends | length not in [1, 2] -%}
        {{ exceptions.raise_compiler_error('Invalid partition time. Expected format: {Start Date}[,{End Date}]. Got: ' ~ raw_partition_date) }}
    {%- endif -%}
    {{ return(dbt.dates_in_range(ends[0] | trim, ends[-1] | trim, in_fmt=date_fmt)) }}
{%- endmacro %}

{% macro py_current_timestring() -%}
    {{ return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) }}
{%- endmacro %}
