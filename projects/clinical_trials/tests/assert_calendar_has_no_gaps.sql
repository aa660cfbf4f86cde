-- Each day of the calendar follows the day before it.

select
    days.date_key,
    days.full_date
from {{ ref('dim_date') }} as days
left join {{ ref('dim_date') }} as days_before
    on days.full_date = days_before.full_date + interval '1 day'
where
    days_before.full_date is null
    and days.full_date <> cast('{{ var('calendar_first_day') }}' as date)
