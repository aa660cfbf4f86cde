with

studies as (

    select * from {{ ref('stg_ctgov__studies') }}

),

study_statuses as (

    select * from {{ ref('study_statuses') }}

),

final as (

    select
        studies.study_key,
        studies.nct_id,
        studies.brief_title,
        studies.official_title,
        studies.acronym,
        studies.brief_summary,
        studies.detailed_description,
        studies.overall_status,
        coalesce(study_statuses.is_active, false) as is_active,
        studies.why_stopped,
        studies.study_type,
        studies.allocation,
        studies.intervention_model,
        studies.primary_purpose,
        studies.masking,
        studies.patient_registry,
        studies.enrollment_count,
        case
            when studies.enrollment_count is null then 'Unknown'
            when studies.enrollment_count = 99999999 then 'Unknown'
            when studies.enrollment_count < 100 then 'Small'
            when studies.enrollment_count < 1000 then 'Medium'
            else 'Large'
        end as enrollment_category,
        studies.healthy_volunteers,
        studies.sex,
        studies.minimum_age_years,
        studies.maximum_age_years,
        case
            when studies.maximum_age_years < 18 then 'Pediatric'
            when studies.minimum_age_years >= 65 then 'Seniors'
            when studies.minimum_age_years >= 18 then 'Adults'
            else 'All Ages'
        end as age_group,
        studies.start_date,
        studies.start_date_text,
        studies.start_date_precision,
        studies.completion_date,
        studies.completion_date_text,
        studies.completion_date_precision,
        {{ whole_months_between('studies.start_date', 'studies.completion_date') }}
            as planned_duration_months,
        studies.has_expanded_access,
        studies.has_dmc,
        studies.source_last_updated_date,
        studies.source_last_updated_date_text,
        studies.source_last_updated_date_precision,
        cast({{ run_date() }} as timestamp) as etl_created_at,
        cast({{ run_date() }} as timestamp) as dbt_updated_at,
        -- What the registry tells beyond the attributes of the design.
        studies.org_study_id,
        studies.last_known_status,
        studies.phases,
        studies.observational_model,
        studies.time_perspective,
        studies.masking_description,
        studies.target_duration,
        studies.enrollment_type,
        studies.eligibility_criteria,
        studies.minimum_age_text,
        studies.maximum_age_text,
        studies.start_date_type,
        studies.primary_completion_date,
        studies.primary_completion_date_text,
        studies.primary_completion_date_precision,
        studies.primary_completion_date_type,
        studies.completion_date_type,
        studies.status_verified_date,
        studies.status_verified_date_text,
        studies.status_verified_date_precision,
        studies.study_first_post_date,
        studies.study_first_post_date_text,
        studies.study_first_post_date_precision,
        studies.is_fda_regulated_drug,
        studies.is_fda_regulated_device,
        studies.has_results,
        studies.content_hash
    from studies
    left join study_statuses
        on studies.overall_status = study_statuses.status

)

select * from final
