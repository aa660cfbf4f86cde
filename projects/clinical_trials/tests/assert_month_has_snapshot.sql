-- After a run, the month of its date has a snapshot.

select {{ run_date() }} as run_date
where
    exists (select 1 from {{ ref('dim_study') }})
    and not exists (
        select 1
        from {{ ref('fact_study_snapshot') }}
        where
            floor(snapshot_date_key / 100.0)
            = floor({{ date_key(run_date()) }} / 100.0)
    )
