{{ config(severity='warn') }}

-- A status the registry adds belongs into seeds/study_statuses.csv.

select
    studies.nct_id,
    studies.overall_status
from {{ ref('dim_study') }} as studies
left join {{ ref('study_statuses') }} as study_statuses
    on studies.overall_status = study_statuses.status
where studies.overall_status is not null and study_statuses.status is null
