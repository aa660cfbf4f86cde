with

study_sites as (

    select * from {{ source('ctgov', 'study_sites') }}

),

final as (

    select
        nct_id,
        ordinal,
        {{ listing_number() }} as listing_number,
        {{ surrogate_key(['nct_id']) }} as study_key,
        {{ surrogate_key(['facility_name', 'city', 'state', 'zip', 'country']) }} as site_key,
        facility_name,
        site_status,
        city,
        state,
        zip,
        country,
        latitude,
        longitude
    from study_sites

)

select * from final
