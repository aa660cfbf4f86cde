{# MD5 over a natural key: 32 hex digits, equal on every warehouse.

   Each part is written as its length, a colon and its text, NULL as a tilde.
   A part can therefore hold any character and still be told from its
   neighbours: ('a|b', 'c') is not ('a', 'b|c'), (a, NULL, b) is not
   (a, b, NULL), and NULL is not the empty text. #}
{% macro surrogate_key(columns) -%}
    md5(
        {%- for column in columns %}
        {% if not loop.first %}|| {% endif -%}
        coalesce(cast(length({{ column }}) as varchar) || ':' || {{ column }}, '~')
        {%- endfor %}
    )
{%- endmacro %}
