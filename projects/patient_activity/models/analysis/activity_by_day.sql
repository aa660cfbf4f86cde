-- An exercise without completed_at happened, nobody knows when: its minutes
-- are those of the day 0, so that the days add up to all there is.
with activity as (
    select
        'steps' as kind,
        {{ local_date('submitted_at', 'submitted_at_offset') }} as activity_date,
        minutes
    from {{ ref('fct_steps') }}

    union all

    select
        'exercises' as kind,
        {{ local_date('completed_at', 'completed_at_offset') }} as activity_date,
        minutes
    from {{ ref('fct_exercises') }}
),

summed as (
    select
        kind,
        activity_date,
        sum(minutes) as minutes,
        count(*) as activities
    from activity
    group by kind, activity_date
)

select
    cast(
        coalesce(
            extract(year from activity_date) * 10000
            + extract(month from activity_date) * 100
            + extract(day from activity_date),
            0
        )
        as integer
    ) as date_key,
    cast(kind as text) as kind,
    activity_date,
    cast(minutes as decimal(38, 3)) as minutes,
    cast(activities as bigint) as activities
from summed
