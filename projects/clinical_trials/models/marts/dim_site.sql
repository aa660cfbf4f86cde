with

-- Only what is needed: the CTE is read three times, so it is kept as a whole.
study_sites as (

    select
        listing_number,
        site_key,
        facility_name,
        city,
        state,
        zip,
        country,
        latitude,
        longitude
    from {{ ref('stg_ctgov__study_sites') }}

),

-- The latitude and the longitude come from one listing, never from two. 0.0 is
-- a coordinate like any other.
sites as (

    select
        site_key,
        min(listing_number) as first_listing,
        min(
            case
                when latitude is not null and longitude is not null
                    then listing_number
            end
        ) as located_listing
    from study_sites
    group by site_key

),

final as (

    select
        sites.site_key,
        addresses.facility_name,
        addresses.city,
        addresses.state,
        addresses.zip,
        addresses.country,
        locations.latitude,
        locations.longitude,
        cast({{ run_date() }} as timestamp) as etl_created_at
    from sites
    inner join study_sites as addresses
        on sites.first_listing = addresses.listing_number
    left join study_sites as locations
        on sites.located_listing = locations.listing_number

)

select * from final
