with

study_conditions as (

    select * from {{ source('ctgov', 'study_conditions') }}

),

final as (

    select
        nct_id,
        ordinal,
        {{ listing_number() }} as listing_number,
        {{ surrogate_key(['nct_id']) }} as study_key,
        {{ surrogate_key(['condition_name']) }} as condition_key,
        condition_name
    from study_conditions

)

select * from final
