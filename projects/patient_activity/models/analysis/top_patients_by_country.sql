with ranked as (
    select
        patients.country,
        patients.id as patient_id,
        patients.first_name,
        patients.last_name,
        patient_minutes.exercises_minutes,
        patient_minutes.steps_minutes,
        patient_minutes.total_minutes,
        rank() over (
            partition by patients.country
            order by patient_minutes.total_minutes desc
        ) as country_rank
    from {{ ref('patient_minutes') }} as patient_minutes
    inner join {{ ref('dim_patients') }} as patients
        on patient_minutes.patient_id = patients.id
)

select
    country,
    patient_id,
    first_name,
    last_name,
    exercises_minutes,
    steps_minutes,
    total_minutes
from ranked
where country_rank = 1
