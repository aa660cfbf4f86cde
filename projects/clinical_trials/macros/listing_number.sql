{# Orders all listings of the registry: by NCT number, then by position in the
   study. The lower number is the earlier registered study, so that what is
   chosen by the lowest one does not change when studies are added. #}
{% macro listing_number() -%}
    cast(substr(nct_id, 4) as bigint) * 1000000 + ordinal
{%- endmacro %}
