{# The foreign key of a fact, where the database cannot hold it: run as a
   post-hook, inside the transaction that puts the table in its place, so that
   a row of nobody's fails the model and leaves the table of before.

   PostgreSQL has the constraint itself. DuckDB would have it too, but neither
   between schemas, nor on a table that is ever replaced, nor in time: checked
   row by row, 10 million rows take a minute; as one join, less than a second.

   The ids are gathered first. Of a table that is not committed DuckDB does not
   know how large it is, and would hold all of its rows in memory for the join. #}
{% macro refuse_unknown_patients() -%}
    {%- set patients = ref('dim_patients') -%}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set unknown -%}
            with activity as (
                select
                    patient_id,
                    count(*) as row_count
                from {{ this }}
                group by patient_id
            )

            select cast(coalesce(sum(activity.row_count), 0) as bigint)
                as row_count
            from activity
            left join {{ patients }} as patients
                on activity.patient_id = patients.id
            where patients.id is null
        {%- endset -%}
        {%- set row_count = run_query(unknown).columns[0].values()[0] -%}
        {%- if row_count > 0 -%}
            {{ exceptions.raise_compiler_error(
                'foreign key of ' ~ this ~ ': patient_id of ' ~ row_count
                ~ ' rows is no id of ' ~ patients
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
