{{ config(unique_key='study_intervention_key') }}

with

study_interventions as (

    select * from {{ ref('stg_ctgov__study_interventions') }}

),

pairs as (

    select
        study_key,
        intervention_key,
        cast(count(*) as integer) as listing_count
    from study_interventions
    group by study_key, intervention_key

),

links as (

    select
        {{ surrogate_key(['study_key', 'intervention_key']) }} as study_intervention_key,
        study_key,
        intervention_key,
        listing_count
    from pairs

),

final as (

    {{ link_changes(
        ['study_intervention_key', 'study_key', 'intervention_key'], []
    ) }}

)

select * from final
