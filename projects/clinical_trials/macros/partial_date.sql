{# The registry's dates come as YYYY, YYYY-MM or YYYY-MM-DD. The date is the
   first day of what the text names; anything else, the 30th of February
   included, is NULL. #}
{% macro partial_date(text) -%}
    case
        when {{ matches(text, '^[1-9][0-9]{3}$') }}
            then cast({{ text }} || '-01-01' as date)
        when {{ matches(text, '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$') }}
            then cast({{ text }} || '-01' as date)
        when {{ matches(text, '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$') }}
            then case
                when cast(substr({{ text }}, 9, 2) as integer) <= extract(
                    day from cast(substr({{ text }}, 1, 7) || '-01' as date)
                    + interval '1 month' - interval '1 day'
                )
                    then cast({{ text }} as date)
            end
    end
{%- endmacro %}

{# How much of the date the registry knows: year, month or day. #}
{% macro date_precision(day, text) -%}
    case
        when {{ day }} is null then null
        when length({{ text }}) = 4 then 'year'
        when length({{ text }}) = 7 then 'month'
        else 'day'
    end
{%- endmacro %}
