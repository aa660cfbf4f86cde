-- A study has exactly one lead sponsor.

with

studies as (

    select * from {{ ref('dim_study') }}

),

leads as (

    select
        study_key,
        count(*) as leads
    from {{ ref('fact_study_sponsor') }}
    where is_lead
    group by study_key

),

final as (

    select
        studies.nct_id,
        coalesce(leads.leads, 0) as leads
    from studies
    left join leads on studies.study_key = leads.study_key
    where coalesce(leads.leads, 0) <> 1

)

select * from final
