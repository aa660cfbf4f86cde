select
    patients.id as patient_id,
    patients.first_name,
    patients.last_name,
    patients.country,
    patient_minutes.total_minutes
from {{ ref('patient_minutes') }} as patient_minutes
inner join {{ ref('dim_patients') }} as patients
    on patient_minutes.patient_id = patients.id
where patient_minutes.total_minutes_rank = 1
