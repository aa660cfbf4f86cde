with

study_conditions as (

    select * from {{ ref('stg_ctgov__study_conditions') }}

),

final as (

    select distinct
        condition_key,
        condition_name,
        cast({{ run_date() }} as timestamp) as etl_created_at
    from study_conditions

)

select * from final
