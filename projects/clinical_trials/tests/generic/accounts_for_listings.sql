{# Fails for each study whose listings in staging and whose listing counts in a
   link fact are not the same number: nothing the registry lists is lost,
   nothing that left it is kept, nothing is counted twice. #}
{% test accounts_for_listings(model, listings) %}

with

listed as (

    select
        nct_id,
        count(*) as listings
    from {{ listings }}
    group by nct_id

),

listed_keys as (

    select
        nct_id,
        {{ surrogate_key(['nct_id']) }} as study_key,
        listings
    from listed

),

linked as (

    select
        study_key,
        sum(listing_count) as listings
    from {{ model }}
    group by study_key

),

final as (

    select
        listed_keys.nct_id,
        coalesce(listed_keys.study_key, linked.study_key) as study_key,
        coalesce(listed_keys.listings, 0) as listed,
        coalesce(linked.listings, 0) as linked
    from listed_keys
    full outer join linked on listed_keys.study_key = linked.study_key
    where coalesce(listed_keys.listings, 0) <> coalesce(linked.listings, 0)

)

select * from final

{% endtest %}
