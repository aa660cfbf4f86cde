{{ config(severity='warn') }}

-- A date the registry states is one the models can read.

with

studies as (

    select * from {{ ref('dim_study') }}

),

unreadable as (

    select nct_id, 'start_date' as date_name, start_date_text as date_text
    from studies
    where start_date_text is not null and start_date is null

    union all

    select nct_id, 'primary_completion_date', primary_completion_date_text
    from studies
    where primary_completion_date_text is not null
        and primary_completion_date is null

    union all

    select nct_id, 'completion_date', completion_date_text
    from studies
    where completion_date_text is not null and completion_date is null

    union all

    select nct_id, 'status_verified_date', status_verified_date_text
    from studies
    where status_verified_date_text is not null and status_verified_date is null

    union all

    select nct_id, 'study_first_post_date', study_first_post_date_text
    from studies
    where study_first_post_date_text is not null
        and study_first_post_date is null

    union all

    select nct_id, 'source_last_updated_date', source_last_updated_date_text
    from studies
    where source_last_updated_date_text is not null
        and source_last_updated_date is null

)

select * from unreadable
