with

days as (

    {{ day_series(var('calendar_first_day'), var('calendar_last_day')) }}

),

calendar_months as (

    select * from {{ ref('calendar_months') }}

),

calendar_weekdays as (

    select * from {{ ref('calendar_weekdays') }}

),

-- Two holidays may fall on one day.
holidays as (

    select distinct holiday_date from {{ ref('holidays') }}

),

calendar as (

    select
        {{ date_key('full_date') }} as date_key,
        full_date,
        cast(extract(year from full_date) as integer) as year,
        cast(extract(quarter from full_date) as integer) as quarter,
        cast(extract(month from full_date) as integer) as month,
        cast(extract(isoyear from full_date) as integer) as week_year,
        cast(extract(week from full_date) as integer) as week,
        cast(extract(day from full_date) as integer) as day_of_month,
        cast(extract(isodow from full_date) as integer) as day_of_week
    from days

),

final as (

    select
        calendar.date_key,
        calendar.full_date,
        calendar.year,
        calendar.quarter,
        calendar.month,
        calendar_months.month_name,
        calendar.week,
        calendar.week_year,
        calendar.day_of_month,
        calendar.day_of_week,
        calendar_weekdays.day_name,
        calendar_weekdays.is_weekend,
        holidays.holiday_date is not null as is_holiday
    from calendar
    left join calendar_months on calendar.month = calendar_months.month
    left join calendar_weekdays
        on calendar.day_of_week = calendar_weekdays.day_of_week
    left join holidays on calendar.full_date = holidays.holiday_date

)

select * from final
