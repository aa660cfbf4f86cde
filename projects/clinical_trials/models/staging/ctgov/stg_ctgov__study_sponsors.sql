with

study_sponsors as (

    select * from {{ source('ctgov', 'study_sponsors') }}

),

final as (

    select
        nct_id,
        ordinal,
        {{ listing_number() }} as listing_number,
        {{ surrogate_key(['nct_id']) }} as study_key,
        {{ surrogate_key(['sponsor_name']) }} as sponsor_key,
        role,
        sponsor_name,
        sponsor_class
    from study_sponsors

)

select * from final
