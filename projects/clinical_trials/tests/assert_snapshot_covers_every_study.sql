-- The snapshot of the run's date, when there is one, holds the studies of the
-- dimension and no others. Older snapshots keep studies that have since left
-- the registry: they are not held against today's dimension.

with

studies as (

    select * from {{ ref('dim_study') }}

),

snapshot as (

    select * from {{ ref('fact_study_snapshot') }}
    where snapshot_date_key = {{ date_key(run_date()) }}

),

final as (

    select
        coalesce(studies.nct_id, snapshot.nct_id) as nct_id,
        studies.study_key is not null as is_in_dimension,
        snapshot.study_key is not null as is_in_snapshot
    from studies
    full outer join snapshot on studies.study_key = snapshot.study_key
    where
        (studies.study_key is null or snapshot.study_key is null)
        and exists (select 1 from snapshot)

)

select * from final
