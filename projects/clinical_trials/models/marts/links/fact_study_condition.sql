{{ config(unique_key='study_condition_key') }}

with

study_conditions as (

    select * from {{ ref('stg_ctgov__study_conditions') }}

),

pairs as (

    select
        study_key,
        condition_key,
        cast(count(*) as integer) as listing_count
    from study_conditions
    group by study_key, condition_key

),

links as (

    select
        {{ surrogate_key(['study_key', 'condition_key']) }} as study_condition_key,
        study_key,
        condition_key,
        listing_count
    from pairs

),

final as (

    {{ link_changes(
        ['study_condition_key', 'study_key', 'condition_key'], []
    ) }}

)

select * from final
