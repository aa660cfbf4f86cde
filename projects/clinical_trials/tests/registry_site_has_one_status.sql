{{ config(severity='warn') }}

-- A study that lists a site more than once gives it one status. The fact keeps
-- them all in site_statuses.

select
    studies.nct_id,
    sites.facility_name,
    sites.city,
    sites.country,
    study_sites.site_statuses
from {{ ref('fact_study_site') }} as study_sites
inner join {{ ref('dim_study') }} as studies
    on study_sites.study_key = studies.study_key
inner join {{ ref('dim_site') }} as sites
    on study_sites.site_key = sites.site_key
where study_sites.has_conflicting_status
