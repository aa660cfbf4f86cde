{{ config(unique_key='study_site_key') }}

with

-- Only what is needed: the CTE is read twice, so it is kept as a whole.
study_sites as (

    select
        study_key,
        site_key,
        site_status
    from {{ ref('stg_ctgov__study_sites') }}

),

study_statuses as (

    select * from {{ ref('study_statuses') }}

),

pairs as (

    select
        study_key,
        site_key,
        min(site_status) as one_status,
        max(site_status) as other_status,
        cast(count(*) as integer) as listing_count
    from study_sites
    group by study_key, site_key

),

conflicting_pairs as (

    select * from pairs
    where one_status <> other_status

),

-- Choosing and joining statuses is for the few sites that have several.
conflicting_statuses as (

    select distinct
        study_sites.study_key,
        study_sites.site_key,
        study_sites.site_status
    from study_sites
    inner join conflicting_pairs
        on study_sites.study_key = conflicting_pairs.study_key
        and study_sites.site_key = conflicting_pairs.site_key
    where study_sites.site_status is not null

),

ranked_statuses as (

    select
        conflicting_statuses.study_key,
        conflicting_statuses.site_key,
        conflicting_statuses.site_status,
        row_number() over (
            partition by
                conflicting_statuses.study_key,
                conflicting_statuses.site_key
            order by
                coalesce(study_statuses.sort_order, 1000),
                {{ byte_order('conflicting_statuses.site_status') }}
        ) as preference
    from conflicting_statuses
    left join study_statuses
        on conflicting_statuses.site_status = study_statuses.status

),

resolved_conflicts as (

    select
        study_key,
        site_key,
        max(case when preference = 1 then site_status end) as site_status,
        {{ joined_text('site_status') }} as site_statuses
    from ranked_statuses
    group by study_key, site_key

),

links as (

    select
        {{ surrogate_key(['pairs.study_key', 'pairs.site_key']) }} as study_site_key,
        pairs.study_key,
        pairs.site_key,
        coalesce(resolved_conflicts.site_status, pairs.one_status) as site_status,
        coalesce(resolved_conflicts.site_statuses, pairs.one_status)
            as site_statuses,
        resolved_conflicts.site_key is not null as has_conflicting_status,
        pairs.listing_count
    from pairs
    left join resolved_conflicts
        on pairs.study_key = resolved_conflicts.study_key
        and pairs.site_key = resolved_conflicts.site_key

),

final as (

    {{ link_changes(
        ['study_site_key', 'study_key', 'site_key'],
        ['site_status', 'site_statuses', 'has_conflicting_status']
    ) }}

)

select * from final
