{{ config(severity='warn') }}

-- The registry's rule: a study names at least one condition.

select
    studies.nct_id,
    studies.overall_status,
    studies.brief_title
from {{ ref('dim_study') }} as studies
left join {{ ref('fact_study_condition') }} as study_conditions
    on studies.study_key = study_conditions.study_key
where study_conditions.study_key is null
