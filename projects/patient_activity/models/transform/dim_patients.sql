select
    patient_id as id,
    first_name,
    last_name,
    country
from {{ source('raw', 'patients') }}
