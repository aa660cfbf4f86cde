with

study_sponsors as (

    select * from {{ ref('stg_ctgov__study_sponsors') }}

),

-- A sponsor whom no study gives a class stays, without one.
sponsors as (

    select
        sponsor_key,
        sponsor_name,
        min(case when sponsor_class is not null then listing_number end)
            as classified_listing
    from study_sponsors
    group by sponsor_key, sponsor_name

),

final as (

    select
        sponsors.sponsor_key,
        sponsors.sponsor_name,
        study_sponsors.sponsor_class,
        cast({{ run_date() }} as timestamp) as etl_created_at
    from sponsors
    left join study_sponsors
        on sponsors.classified_listing = study_sponsors.listing_number

)

select * from final
