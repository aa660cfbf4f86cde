{{ config(severity='warn') }}

-- The registry's rule: a study is not completed before it starts. Dates are
-- compared as far as both are known: May 2020 is not before 15 May 2020.

select
    nct_id,
    start_date_text,
    completion_date_text,
    planned_duration_months
from {{ ref('dim_study') }}
where
    completion_date < start_date
    and substr(
        completion_date_text,
        1,
        least(length(start_date_text), length(completion_date_text))
    ) <> substr(
        start_date_text,
        1,
        least(length(start_date_text), length(completion_date_text))
    )
