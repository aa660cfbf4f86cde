{{ config(unique_key='study_sponsor_key') }}

with

study_sponsors as (

    select * from {{ ref('stg_ctgov__study_sponsors') }}

),

-- A sponsor listed as lead and as collaborator of a study is one row with both
-- flags.
pairs as (

    select
        study_key,
        sponsor_key,
        max(case when role = 'lead' then 1 else 0 end) = 1 as is_lead,
        max(case when role = 'collaborator' then 1 else 0 end) = 1
            as is_collaborator,
        cast(count(*) as integer) as listing_count
    from study_sponsors
    group by study_key, sponsor_key

),

links as (

    select
        {{ surrogate_key(['study_key', 'sponsor_key']) }} as study_sponsor_key,
        study_key,
        sponsor_key,
        is_lead,
        is_collaborator,
        listing_count
    from pairs

),

final as (

    {{ link_changes(
        ['study_sponsor_key', 'study_key', 'sponsor_key'],
        ['is_lead', 'is_collaborator']
    ) }}

)

select * from final
