{{ config(severity='warn') }}

-- An age the registry states is one the models can read.

select
    nct_id,
    minimum_age_text,
    maximum_age_text
from {{ ref('dim_study') }}
where
    (minimum_age_text is not null and minimum_age_years is null)
    or (maximum_age_text is not null and maximum_age_years is null)
