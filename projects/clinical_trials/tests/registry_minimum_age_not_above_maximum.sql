{{ config(severity='warn') }}

-- The registry's rule: the youngest participant is not older than the oldest.

select
    nct_id,
    minimum_age_text,
    maximum_age_text
from {{ ref('dim_study') }}
where minimum_age_years > maximum_age_years
