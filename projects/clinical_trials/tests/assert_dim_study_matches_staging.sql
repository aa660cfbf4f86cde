-- Every study of the load is in the dimension, and no other is.

select
    coalesce(listed.nct_id, studies.nct_id) as nct_id,
    listed.nct_id is not null as is_listed,
    studies.nct_id is not null as is_in_dimension
from {{ source('ctgov', 'studies') }} as listed
full outer join {{ ref('dim_study') }} as studies
    on listed.nct_id = studies.nct_id
where listed.nct_id is null or studies.nct_id is null
