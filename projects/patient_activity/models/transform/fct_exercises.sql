-- depends_on: {{ ref('dim_patients') }}
-- A row given again stands for the one before; see fct_steps.
with given_again as (
    {{ given_again(source('raw', 'exercises'), 'id') }}
),

versions as (
    select
        raw_exercises.*,
        row_number() over (
            partition by raw_exercises.id
            order by
                raw_exercises.updated_at desc,
                raw_exercises.minutes desc,
                raw_exercises.completed_at desc nulls last,
                raw_exercises.external_id,
                raw_exercises.completed_at_offset nulls last,
                raw_exercises.updated_at_offset
        ) as recency
    from {{ source('raw', 'exercises') }} as raw_exercises
    inner join given_again
        on raw_exercises.id = given_again.unique_field
),

newest as (
    select
        raw_exercises.id,
        raw_exercises.external_id,
        raw_exercises.minutes,
        raw_exercises.completed_at,
        raw_exercises.completed_at_offset,
        raw_exercises.updated_at,
        raw_exercises.updated_at_offset
    from {{ source('raw', 'exercises') }} as raw_exercises
    left join given_again
        on raw_exercises.id = given_again.unique_field
    where given_again.unique_field is null

    union all

    select
        id,
        external_id,
        minutes,
        completed_at,
        completed_at_offset,
        updated_at,
        updated_at_offset
    from versions
    where recency = 1
)

select
    id,
    external_id as patient_id,
    cast(minutes as decimal(38, 3)) as minutes,
    completed_at,
    completed_at_offset,
    updated_at,
    updated_at_offset
from newest
