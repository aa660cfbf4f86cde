-- What the files hold is what the marts hold: each kind by patient and by day,
-- in thousandths of a minute, counted by the newest row of each id.
with given as (
    select
        'steps' as kind,
        sum(raw_steps.steps * 2) as thousandths
    from {{ source('raw', 'steps') }} as raw_steps

    union all

    select
        'exercises' as kind,
        sum(raw_exercises.minutes * 1000) as thousandths
    from {{ source('raw', 'exercises') }} as raw_exercises
),

by_patient as (
    select
        'steps' as kind,
        sum(steps_minutes) as minutes
    from {{ ref('patient_minutes') }}

    union all

    select
        'exercises' as kind,
        sum(exercises_minutes) as minutes
    from {{ ref('patient_minutes') }}
),

by_day as (
    select
        kind,
        sum(minutes) as minutes
    from {{ ref('activity_by_day') }}
    group by kind
)

select
    given.kind,
    given.thousandths,
    by_patient.minutes as minutes_by_patient,
    by_day.minutes as minutes_by_day
from given
left join by_patient
    on given.kind = by_patient.kind
left join by_day
    on given.kind = by_day.kind
where
    coalesce(given.thousandths, 0) <> coalesce(by_patient.minutes, 0) * 1000
    or coalesce(given.thousandths, 0) <> coalesce(by_day.minutes, 0) * 1000
