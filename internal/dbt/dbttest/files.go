package dbttest

const projectFile = `name: made_up
version: 1.0.0
config-version: 2
profile: made_up

models:
  made_up:
    base:
      +materialized: view
      +tags: [base]
    staging:
      +tags: [staging]
    intermediate:
      +materialized: ephemeral
    marts:
      +materialized: table
      +meta: {owner: analytics}

vars:
  first_day: "2020-01-01"
`

const profiles = `made_up:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: made_up.duckdb
      schema: main
      threads: 2
`

const macros = `{% macro cents_to_units(column, digits=2) -%}
    round({{ column }} / 100.0, {{ digits }})
{%- endmacro %}
`

// properties take the model's name, its layer and the tests of parent_id.
const properties = `version: 2

models:
  - name: %[1]s
    description: >
      One row for each record of %[1]s, as the layer %[2]s has it.
    config:
      tags: [nightly]
    columns:
      - name: id
        description: The key of the row
        data_tests:
          - unique
          - not_null
      - name: parent_id
        description: What the row belongs to
%[3]s      - name: amount
        description: In units of the currency
      - name: updated_at
        description: When the row was last written
`

const renamed = `renamed as (
    select
        id,
        parent_id,
        trim(name) as name,
        {{ cents_to_units('amount_cents') }} as amount,
        updated_at
    from source
    where updated_at >= date '{{ var("first_day") }}'
)

select * from renamed
`

// staging takes a materialization and the base model.
const staging = `{{ config(materialized='%s') }}

with source as (
    select * from {{ ref('%s') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by id
            order by updated_at desc
        ) as recency
    from source
)

select
    id,
    parent_id,
    lower(name) as name,
    amount,
    updated_at
from ranked
where recency = 1
`

// intermediate takes the two staging models it joins.
const intermediate = `with lines as (
    select * from {{ ref('%s') }}
),

parents as (
    select * from {{ ref('%s') }}
)

select
    lines.id,
    lines.parent_id,
    parents.name,
    lines.amount,
    greatest(lines.updated_at, parents.updated_at) as updated_at
from lines
left join parents on lines.parent_id = parents.id
`

// mart takes the queries it unites.
const mart = `{%%- set measures = ['amount', 'id'] %%}
with together as (
    %s
)

select
    parent_id as id,
    parent_id,
    {%%- for measure in measures %%}
    sum({{ measure }}) as {{ measure }}_total,
    {%%- endfor %%}
    sum(amount) as amount,
    max(updated_at) as updated_at
from together
group by parent_id
`

const incrementalMart = `{{ config(
    materialized='incremental',
    unique_key='id',
    on_schema_change='append_new_columns',
) }}

with together as (
    %s
)

select *
from together
{%% if is_incremental() %%}
where updated_at > (select max(updated_at) from {{ this }})
{%% endif %%}
`
