-- Each kind is summed on its own before it meets the other: joined first,
-- every row of one kind would count once for each row of the other.
with steps_of_patients as (
    select
        patient_id,
        sum(minutes) as minutes
    from {{ ref('fct_steps') }}
    group by patient_id
),

exercises_of_patients as (
    select
        patient_id,
        sum(minutes) as minutes
    from {{ ref('fct_exercises') }}
    group by patient_id
),

minutes_of_patients as (
    select
        patients.id as patient_id,
        coalesce(exercises_of_patients.minutes, 0) as exercises_minutes,
        coalesce(steps_of_patients.minutes, 0) as steps_minutes
    from {{ ref('dim_patients') }} as patients
    left join steps_of_patients
        on patients.id = steps_of_patients.patient_id
    left join exercises_of_patients
        on patients.id = exercises_of_patients.patient_id
)

select
    patient_id,
    cast(exercises_minutes as decimal(38, 3)) as exercises_minutes,
    cast(steps_minutes as decimal(38, 3)) as steps_minutes,
    cast(exercises_minutes + steps_minutes as decimal(38, 3))
        as total_minutes,
    rank() over (
        order by exercises_minutes + steps_minutes desc
    ) as total_minutes_rank
from minutes_of_patients
