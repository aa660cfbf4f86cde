{# "18 Years", "6 Months", "1 Day": a count and one of six units, singular or
   plural, as years. A year has 12 months, 365.25 days, 8,766 hours and 525,960
   minutes. One division of whole or quarter numbers, so that every warehouse
   rounds to the same double. An age written otherwise is NULL. #}
{% macro age_in_years(text) -%}
    case
        when {{ matches(text, '^[0-9]{1,9} (Year|Month|Week|Day|Hour|Minute)s?$') }}
            then cast(split_part({{ text }}, ' ', 1) as double precision)
                * case when {{ text }} like '% Week%' then 7 else 1 end
                / cast(
                    case
                        when {{ text }} like '% Year%' then 1
                        when {{ text }} like '% Month%' then 12
                        when {{ text }} like '% Hour%' then 8766
                        when {{ text }} like '% Minute%' then 525960
                        else 365.25
                    end as double precision
                )
    end
{%- endmacro %}
