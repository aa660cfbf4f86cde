{{ config(severity='warn') }}

-- The registry's rule: an interventional study names an intervention.

select
    studies.nct_id,
    studies.overall_status,
    studies.brief_title
from {{ ref('dim_study') }} as studies
left join {{ ref('fact_study_intervention') }} as study_interventions
    on studies.study_key = study_interventions.study_key
where
    studies.study_type = 'INTERVENTIONAL'
    and study_interventions.study_key is null
