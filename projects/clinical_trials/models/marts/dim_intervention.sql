with

study_interventions as (

    select * from {{ ref('stg_ctgov__study_interventions') }}

),

-- The choice is made on a number: the long texts are neither sorted nor
-- grouped, only fetched.
interventions as (

    select
        intervention_key,
        intervention_type,
        intervention_name,
        min(case when intervention_description is not null then listing_number end)
            as described_listing
    from study_interventions
    group by intervention_key, intervention_type, intervention_name

),

final as (

    select
        interventions.intervention_key,
        interventions.intervention_name,
        interventions.intervention_type,
        study_interventions.intervention_description,
        cast({{ run_date() }} as timestamp) as etl_created_at
    from interventions
    left join study_interventions
        on interventions.described_listing = study_interventions.listing_number

)

select * from final
