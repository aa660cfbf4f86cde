{{ config(severity='warn') }}

-- A study that lists a site more than once gives it one status. The fact keeps
-- them all in site_statuses.

select
    studies.nct_id,
    studies.overall_status,
    count(*) as sites
from {{ ref('fact_study_site') }} as study_sites
inner join {{ ref('dim_study') }} as studies
    on study_sites.study_key = studies.study_key
where study_sites.has_conflicting_status
group by studies.nct_id, studies.overall_status
