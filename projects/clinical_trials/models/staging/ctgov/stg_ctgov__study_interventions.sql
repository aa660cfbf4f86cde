with

study_interventions as (

    select * from {{ source('ctgov', 'study_interventions') }}

),

final as (

    select
        nct_id,
        ordinal,
        {{ listing_number() }} as listing_number,
        {{ surrogate_key(['nct_id']) }} as study_key,
        {{ surrogate_key(['intervention_type', 'intervention_name']) }} as intervention_key,
        intervention_type,
        intervention_name,
        intervention_description
    from study_interventions

)

select * from final
