{# Fails for each value below the minimum, and for NULL. #}
{% test at_least(model, column_name, minimum) %}

select *
from {{ model }}
where {{ column_name }} is null or {{ column_name }} < {{ minimum }}

{% endtest %}
