{# What to write into an incremental link fact, given the CTE `links` of what
   the registry lists now: everything on a run from nothing, else only the
   relationships that are new or changed, and those that left the registry
   with a listing_count of 0, which `remove_departed_links` then deletes.

   keys: the surrogate key of the link first, then the keys it is made of.
   attributes: the other columns; listing_count is the last of every link. #}
{% macro link_changes(keys, attributes) -%}
    {%- if not is_incremental() -%}
    select
        {{ (keys + attributes + ['listing_count']) | join(',\n        ') }}
    from links
    {%- else -%}
    select
        {%- for key in keys %}
        coalesce(links.{{ key }}, known.{{ key }}) as {{ key }},
        {%- endfor %}
        {%- for attribute in attributes %}
        links.{{ attribute }},
        {%- endfor %}
        coalesce(links.listing_count, 0) as listing_count
    from links
    full outer join {{ this }} as known on links.{{ keys[0] }} = known.{{ keys[0] }}
    where
        links.{{ keys[0] }} is null
        or known.{{ keys[0] }} is null
        {%- for attribute in attributes + ['listing_count'] %}
        or links.{{ attribute }} is distinct from known.{{ attribute }}
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{# Post-hook of the link facts. #}
{% macro remove_departed_links() -%}
    delete from {{ this }} where listing_count = 0
{%- endmacro %}
