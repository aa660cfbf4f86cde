with

studies as (

    select * from {{ source('ctgov', 'studies') }}

),

read as (

    select
        {{ surrogate_key(['nct_id']) }} as study_key,
        nct_id,
        org_study_id,
        brief_title,
        official_title,
        acronym,
        brief_summary,
        detailed_description,
        overall_status,
        last_known_status,
        why_stopped,
        study_type,
        phases,
        allocation,
        intervention_model,
        primary_purpose,
        observational_model,
        time_perspective,
        masking,
        masking_description,
        patient_registry,
        target_duration,
        enrollment_count,
        enrollment_type,
        eligibility_criteria,
        healthy_volunteers,
        sex,
        minimum_age as minimum_age_text,
        maximum_age as maximum_age_text,
        {{ age_in_years('minimum_age') }} as minimum_age_years,
        {{ age_in_years('maximum_age') }} as maximum_age_years,
        start_date as start_date_text,
        {{ partial_date('start_date') }} as start_date,
        start_date_type,
        primary_completion_date as primary_completion_date_text,
        {{ partial_date('primary_completion_date') }} as primary_completion_date,
        primary_completion_date_type,
        completion_date as completion_date_text,
        {{ partial_date('completion_date') }} as completion_date,
        completion_date_type,
        status_verified_date as status_verified_date_text,
        {{ partial_date('status_verified_date') }} as status_verified_date,
        study_first_post_date as study_first_post_date_text,
        {{ partial_date('study_first_post_date') }} as study_first_post_date,
        source_last_updated_date as source_last_updated_date_text,
        {{ partial_date('source_last_updated_date') }} as source_last_updated_date,
        has_expanded_access,
        has_dmc,
        is_fda_regulated_drug,
        is_fda_regulated_device,
        has_results,
        content_hash
    from studies

),

final as (

    select
        *,
        {{ date_precision('start_date', 'start_date_text') }}
            as start_date_precision,
        {{ date_precision('primary_completion_date', 'primary_completion_date_text') }}
            as primary_completion_date_precision,
        {{ date_precision('completion_date', 'completion_date_text') }}
            as completion_date_precision,
        {{ date_precision('status_verified_date', 'status_verified_date_text') }}
            as status_verified_date_precision,
        {{ date_precision('study_first_post_date', 'study_first_post_date_text') }}
            as study_first_post_date_precision,
        {{ date_precision('source_last_updated_date', 'source_last_updated_date_text') }}
            as source_last_updated_date_precision
    from read

)

select * from final
