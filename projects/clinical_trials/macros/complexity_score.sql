{# The weighted average of three counts, with the weights of the project's
   vars. The sums are exact decimals and only the one division is not, so that
   every warehouse rounds to the same double. #}
{% macro complexity_score(sites, interventions, collaborators) -%}
    {%- set weighted = [
        [var('complexity_weight_sites'), sites],
        [var('complexity_weight_interventions'), interventions],
        [var('complexity_weight_collaborators'), collaborators],
    ] -%}
    cast(
        {%- for weight, count in weighted %}
        {% if not loop.first %}+ {% endif -%}
        cast({{ weight }} as decimal(9, 4)) * {{ count }}
        {%- endfor %}
        as double precision
    ) / cast(
        {%- for weight, count in weighted %}
        {% if not loop.first %}+ {% endif -%}
        cast({{ weight }} as decimal(9, 4))
        {%- endfor %}
        as double precision
    )
{%- endmacro %}
