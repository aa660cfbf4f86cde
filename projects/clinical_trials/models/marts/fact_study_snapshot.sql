{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='snapshot_date_key',
        full_refresh=false,
        on_schema_change='append_new_columns',
    )
}}

with

studies as (

    select * from {{ ref('dim_study') }}

),

sites as (

    select * from {{ ref('dim_site') }}

),

study_sponsors as (

    select * from {{ ref('fact_study_sponsor') }}

),

study_conditions as (

    select * from {{ ref('fact_study_condition') }}

),

study_interventions as (

    select * from {{ ref('fact_study_intervention') }}

),

study_sites as (

    select * from {{ ref('fact_study_site') }}

),

study_statuses as (

    select * from {{ ref('study_statuses') }}

),

run as (

    select
        {{ run_date() }} as snapshot_date,
        {{ date_key(run_date()) }} as snapshot_date_key

),

-- A snapshot is due on the 1st of the month; on the first run of a month that
-- has none yet; and again for a date that has one, which is then replaced.
due as (

    select run.snapshot_date_key
    from run
    {%- if is_incremental() %}
    where
        extract(day from run.snapshot_date) = 1
        or not exists (
            select 1
            from {{ this }} as taken
            where
                floor(taken.snapshot_date_key / 100.0)
                = floor(run.snapshot_date_key / 100.0)
        )
        or exists (
            select 1
            from {{ this }} as taken
            where taken.snapshot_date_key = run.snapshot_date_key
        )
    {%- endif %}

),

sponsor_counts as (

    select
        study_key,
        cast(count(*) as integer) as sponsor_count,
        cast(sum(case when is_collaborator then 1 else 0 end) as integer)
            as collaborator_count
    from study_sponsors
    group by study_key

),

condition_counts as (

    select
        study_key,
        cast(count(*) as integer) as condition_count
    from study_conditions
    group by study_key

),

intervention_counts as (

    select
        study_key,
        cast(count(*) as integer) as intervention_count
    from study_interventions
    group by study_key

),

site_counts as (

    select
        study_sites.study_key,
        cast(count(*) as integer) as site_count,
        cast(
            sum(case when study_statuses.is_active then 1 else 0 end) as integer
        ) as active_site_count,
        cast(count(distinct sites.country) as integer) as country_count
    from study_sites
    inner join sites on study_sites.site_key = sites.site_key
    left join study_statuses
        on study_sites.site_status = study_statuses.status
    group by study_sites.study_key

),

measured as (

    select
        due.snapshot_date_key,
        studies.study_key,
        studies.nct_id,
        studies.overall_status,
        studies.enrollment_count,
        coalesce(sponsor_counts.sponsor_count, 0) as sponsor_count,
        coalesce(sponsor_counts.collaborator_count, 0) as collaborator_count,
        coalesce(condition_counts.condition_count, 0) as condition_count,
        coalesce(intervention_counts.intervention_count, 0) as intervention_count,
        coalesce(site_counts.site_count, 0) as site_count,
        coalesce(site_counts.active_site_count, 0) as active_site_count,
        coalesce(site_counts.country_count, 0) as country_count
    from due
    cross join studies
    left join sponsor_counts on studies.study_key = sponsor_counts.study_key
    left join condition_counts on studies.study_key = condition_counts.study_key
    left join intervention_counts
        on studies.study_key = intervention_counts.study_key
    left join site_counts on studies.study_key = site_counts.study_key

),

final as (

    select
        {{ surrogate_key(['cast(snapshot_date_key as varchar)', 'nct_id']) }}
            as snapshot_key,
        snapshot_date_key,
        study_key,
        nct_id,
        overall_status,
        enrollment_count,
        sponsor_count,
        collaborator_count,
        condition_count,
        intervention_count,
        site_count,
        active_site_count,
        country_count,
        {{ complexity_score('site_count', 'intervention_count', 'collaborator_count') }}
            as complexity_score
    from measured

)

select * from final
