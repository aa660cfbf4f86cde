{{ config(severity='warn') }}

-- The registry's rule: the primary outcome is measured before the study is
-- completed. Dates are compared as far as both are known.

select
    nct_id,
    primary_completion_date_text,
    completion_date_text
from {{ ref('dim_study') }}
where
    completion_date < primary_completion_date
    and substr(
        completion_date_text,
        1,
        least(length(primary_completion_date_text), length(completion_date_text))
    ) <> substr(
        primary_completion_date_text,
        1,
        least(length(primary_completion_date_text), length(completion_date_text))
    )
