-- prepare
create or replace temp table flatten_records as
with lake as (
    select
        nullif(nct_id, '') as nct_id,
        page,
        position,
        nullif(problem, '') as problem,
        case when coalesce(problem, '') = '' then study end as study,
        "fetched_at"
    from read_parquet('it''s/studies.parquet')
),
-- Text that is no JSON gives null here instead of ending the load.
parsed as (
    select
        * exclude (study),
        try(from_json(study, '{"id": "VARCHAR", "reason": "VARCHAR", "vitals": {"weight": "DOUBLE", "pulse": "BIGINT"}, "first": "BOOLEAN", "codes": ["JSON"], "doctor": "JSON", "nurses": ["JSON"], "team": {"others": ["JSON"]}, "notes": ["JSON"], "marks": ["JSON"]}')) as body,
        try(json_type(study, ['$', '$.id', '$.reason', '$.vitals', '$.vitals.weight', '$.vitals.pulse', '$.first', '$.codes', '$.doctor', '$.nurses', '$.team', '$.team.others', '$.notes', '$.marks'])) as kinds,
        contains(study::varchar, '\u0000') as has_nul
    from lake
),
compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('VARCHAR', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('OBJECT', 'NULL') then 4
            when kinds[5] not in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT', 'NULL') then 5
            when kinds[6] not in ('BIGINT', 'UBIGINT', 'NULL') then 6
            when kinds[7] not in ('BOOLEAN', 'NULL') then 7
            when kinds[8] not in ('ARRAY', 'NULL') then 8
            when kinds[9] not in ('OBJECT', 'NULL') then 9
            when kinds[10] not in ('ARRAY', 'NULL') then 10
            when kinds[11] not in ('OBJECT', 'NULL') then 11
            when kinds[12] not in ('ARRAY', 'NULL') then 12
            when kinds[13] not in ('ARRAY', 'NULL') then 13
            when kinds[14] not in ('ARRAY', 'NULL') then 14
        end as failed
    from parsed
)
select
    * exclude (problem, kinds, failed, has_nul),
    coalesce(
        problem,
        case when kinds is null then 'the visit: wants JSON, found text that does not parse' end,
        case when failed is not null then ['the record', 'id', 'reason', 'vitals', 'vitals.weight', 'vitals.pulse', 'first', 'codes', 'doctor', 'nurses', 'team', 'team.others', 'notes', 'marks'][failed] || ': wants ' || ['an object', 'text', 'text', 'an object', 'a number', 'a 64-bit integer', 'true or false', 'a list', 'an object', 'a list', 'an object', 'a list', 'a list', 'a list'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
        case when has_nul then case when contains(body."id", chr(0)) then 'id' || ': wants text, found a NUL character in it' when contains(body."reason", chr(0)) then 'reason' || ': wants text, found a NUL character in it' when contains(case when len(body."codes") > 0 then array_to_string(list_transform(body."codes", lambda e: e ->> '$'), ', ') end, chr(0)) then 'codes' || ': wants text, found a NUL character in it' end end,
        case when body."id" is null then 'id' || ': is required, and absent' when not regexp_matches(body."id", '^[A-Z]''[0-9]+$') then 'id' || ': wants text like ^[A-Z]''[0-9]+$, found ' || left(body."id", 40) when nct_id is distinct from body."id" then 'id: is not the identity that the lake has' when body."reason" is null then 'reason' || ': is required, and absent' when kinds[5] in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT') and not coalesce(isfinite(body."vitals"."weight"), false) then 'vitals.weight' || ': wants a finite number, found one out of range' when kinds[6] = 'UBIGINT' and body."vitals"."pulse" is null then 'vitals.pulse' || ': wants a 64-bit integer, found a larger number' when body."vitals"."pulse" is null then 'vitals.pulse' || ': is required, and absent' when list_position(list_transform(body."codes", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) is not null then 'codes' || '[' || (list_position(list_transform(body."codes", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) - 1) || ']: wants text, found ' || case coalesce(json_type(body."codes"[list_position(list_transform(body."codes", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)]), 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end
    ) as reason
from compared;

-- prepare
create or replace temp table flatten_rejected as
with record_reasons as (
    select page, position, 0 as part, 0 as index, reason
    from temp.flatten_records
    where reason is not null
),
part_1_elements as (
    select
        page,
        position,
        unnest([body."doctor"]) as element,
        generate_subscripts([body."doctor"], 1) - 1 as index
    from temp.flatten_records
    where reason is null and body."doctor" is not null
),
part_1_read as (
    select
        *,
        from_json(element, '{"name": {"full": "VARCHAR"}, "languages": ["JSON"]}') as body,
        json_type(element, ['$', '$.name', '$.name.full', '$.languages']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_1_elements
    where element is distinct from '{}'
),
part_1_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('OBJECT', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('ARRAY', 'NULL') then 4
        end as failed
    from part_1_read
),
part_1_judged as (
    select
        page,
        position,
        1 as part,
        index,
        coalesce(
            case when element is null then 'doctor' || '' || ': wants an object, found null' end,
            case when failed is not null then 'doctor' || ['', '.name', '.name.full', '.languages'][failed] || ': wants ' || ['an object', 'an object', 'text', 'a list'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."name"."full", chr(0)) then 'doctor' || '.name.full' || ': wants text, found a NUL character in it' when contains(case when len(body."languages") > 0 then array_to_string(list_transform(body."languages", lambda e: e ->> '$'), '|') end, chr(0)) then 'doctor' || '.languages' || ': wants text, found a NUL character in it' end end,
            case when body."name"."full" is null then 'doctor' || '.name.full' || ': is required, and absent' when not regexp_matches(body."name"."full", '^\S') then 'doctor' || '.name.full' || ': wants text like ^\S, found ' || left(body."name"."full", 40) when list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) is not null then 'doctor' || '.languages' || '[' || (list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) - 1) || ']: wants text, found ' || case coalesce(json_type(body."languages"[list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)]), 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end
        ) as reason
    from part_1_compared
),
part_1_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_1_judged
),
part_2_elements as (
    select
        page,
        position,
        unnest(body."nurses") as element,
        generate_subscripts(body."nurses", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_2_read as (
    select
        *,
        from_json(element, '{"name": {"full": "VARCHAR"}, "languages": ["JSON"]}') as body,
        json_type(element, ['$', '$.name', '$.name.full', '$.languages']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_2_elements
    where element is distinct from '{}'
),
part_2_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('OBJECT', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('ARRAY', 'NULL') then 4
        end as failed
    from part_2_read
),
part_2_judged as (
    select
        page,
        position,
        2 as part,
        index,
        coalesce(
            case when element is null then 'nurses[' || index || ']' || '' || ': wants an object, found null' end,
            case when failed is not null then 'nurses[' || index || ']' || ['', '.name', '.name.full', '.languages'][failed] || ': wants ' || ['an object', 'an object', 'text', 'a list'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."name"."full", chr(0)) then 'nurses[' || index || ']' || '.name.full' || ': wants text, found a NUL character in it' when contains(case when len(body."languages") > 0 then array_to_string(list_transform(body."languages", lambda e: e ->> '$'), '|') end, chr(0)) then 'nurses[' || index || ']' || '.languages' || ': wants text, found a NUL character in it' end end,
            case when body."name"."full" is null then 'nurses[' || index || ']' || '.name.full' || ': is required, and absent' when not regexp_matches(body."name"."full", '^\S') then 'nurses[' || index || ']' || '.name.full' || ': wants text like ^\S, found ' || left(body."name"."full", 40) when list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) is not null then 'nurses[' || index || ']' || '.languages' || '[' || (list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) - 1) || ']: wants text, found ' || case coalesce(json_type(body."languages"[list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)]), 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end
        ) as reason
    from part_2_compared
),
part_2_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_2_judged
),
part_3_elements as (
    select
        page,
        position,
        unnest(body."team"."others") as element,
        generate_subscripts(body."team"."others", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_3_read as (
    select
        *,
        from_json(element, '{"name": {"full": "VARCHAR"}, "languages": ["JSON"]}') as body,
        json_type(element, ['$', '$.name', '$.name.full', '$.languages']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_3_elements
    where element is distinct from '{}'
),
part_3_compared as (
    select
        *,
        case
            when kinds[1] not in ('OBJECT') then 1
            when kinds[2] not in ('OBJECT', 'NULL') then 2
            when kinds[3] not in ('VARCHAR', 'NULL') then 3
            when kinds[4] not in ('ARRAY', 'NULL') then 4
        end as failed
    from part_3_read
),
part_3_judged as (
    select
        page,
        position,
        3 as part,
        index,
        coalesce(
            case when element is null then 'team.others[' || index || ']' || '' || ': wants an object, found null' end,
            case when failed is not null then 'team.others[' || index || ']' || ['', '.name', '.name.full', '.languages'][failed] || ': wants ' || ['an object', 'an object', 'text', 'a list'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body."name"."full", chr(0)) then 'team.others[' || index || ']' || '.name.full' || ': wants text, found a NUL character in it' when contains(case when len(body."languages") > 0 then array_to_string(list_transform(body."languages", lambda e: e ->> '$'), '|') end, chr(0)) then 'team.others[' || index || ']' || '.languages' || ': wants text, found a NUL character in it' end end,
            case when body."name"."full" is null then 'team.others[' || index || ']' || '.name.full' || ': is required, and absent' when not regexp_matches(body."name"."full", '^\S') then 'team.others[' || index || ']' || '.name.full' || ': wants text like ^\S, found ' || left(body."name"."full", 40) when list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) is not null then 'team.others[' || index || ']' || '.languages' || '[' || (list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true) - 1) || ']: wants text, found ' || case coalesce(json_type(body."languages"[list_position(list_transform(body."languages", lambda e: coalesce(json_type(e), 'NULL') <> 'VARCHAR'), true)]), 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end
        ) as reason
    from part_3_compared
),
part_3_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_3_judged
),
part_4_elements as (
    select
        page,
        position,
        unnest(body."notes") as element,
        generate_subscripts(body."notes", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_4_read as (
    select
        *,
        from_json(element, '"VARCHAR"') as body,
        json_type(element, ['$']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_4_elements
),
part_4_compared as (
    select
        *,
        case
            when kinds[1] not in ('VARCHAR') then 1
        end as failed
    from part_4_read
),
part_4_judged as (
    select
        page,
        position,
        4 as part,
        index,
        coalesce(
            case when element is null then 'notes[' || index || ']' || '' || ': wants text, found null' end,
            case when failed is not null then 'notes[' || index || ']' || [''][failed] || ': wants ' || ['text'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when has_nul then case when contains(body, chr(0)) then 'notes[' || index || ']' || '' || ': wants text, found a NUL character in it' end end
        ) as reason
    from part_4_compared
),
part_4_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_4_judged
),
part_5_elements as (
    select
        page,
        position,
        unnest(body."marks") as element,
        generate_subscripts(body."marks", 1) - 1 as index
    from temp.flatten_records
    where reason is null
),
part_5_read as (
    select
        *,
        from_json(element, '"DOUBLE"') as body,
        json_type(element, ['$']) as kinds,
        contains(element::varchar, '\u0000') as has_nul
    from part_5_elements
),
part_5_compared as (
    select
        *,
        case
            when kinds[1] not in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT') then 1
        end as failed
    from part_5_read
),
part_5_judged as (
    select
        page,
        position,
        5 as part,
        index,
        coalesce(
            case when element is null then 'marks[' || index || ']' || '' || ': wants a number, found null' end,
            case when failed is not null then 'marks[' || index || ']' || [''][failed] || ': wants ' || ['a number'][failed] || ', found ' || case coalesce(kinds[failed], 'NULL') when 'VARCHAR' then 'a string' when 'OBJECT' then 'an object' when 'ARRAY' then 'a list' when 'BOOLEAN' then 'a boolean' when 'NULL' then 'null' when 'DOUBLE' then 'a floating-point number' else 'a number' end end,
            case when kinds[1] in ('BIGINT', 'UBIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT') and not coalesce(isfinite(body), false) then 'marks[' || index || ']' || '' || ': wants a finite number, found one out of range' end
        ) as reason
    from part_5_compared
),
part_5_reasons as (
    select * exclude (reason), unnest(case when reason is not null then [reason] else [] end) as reason
    from part_5_judged
),
reasons as (
    select * from record_reasons
    union all
    select * from part_1_reasons
    union all
    select * from part_2_reasons
    union all
    select * from part_3_reasons
    union all
    select * from part_4_reasons
    union all
    select * from part_5_reasons
)
select page, position, arg_min(reason, (part, index)) as reason
from reasons
group by page, position;

-- visits
select
    records.nct_id as "visit_id",
    records.body."reason" as "reason",
    records.body."vitals"."weight" as "weight",
    records.body."vitals"."pulse" as "pulse",
    records.body."first" as "is_first",
    case when len(records.body."codes") > 0 then array_to_string(list_transform(records.body."codes", lambda e: e ->> '$'), ', ') end as "codes",
    records."page" as "page",
    records."fetched_at" as "fetched_at"
from temp.flatten_records as records
anti join temp.flatten_rejected as rejected
    on records.page = rejected.page and records.position = rejected.position;

-- people
with listed as (
    select
        records.nct_id,
        case when records.body."doctor" <> '{}' then [records.body."doctor"] else [] end
            || coalesce(list_filter(records.body."nurses", lambda e: e <> '{}'), [])
            || coalesce(list_filter(records.body."team"."others", lambda e: e <> '{}'), []) as elements,
        coalesce(len(case when records.body."doctor" <> '{}' then [records.body."doctor"] else [] end), 0) as count_1,
        coalesce(len(coalesce(list_filter(records.body."nurses", lambda e: e <> '{}'), [])), 0) as count_2,
        coalesce(len(coalesce(list_filter(records.body."team"."others", lambda e: e <> '{}'), [])), 0) as count_3
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '{"name": {"full": "VARCHAR"}, "languages": ["JSON"]}') as body
    from numbered
)
select
    nct_id as "visit_id",
    ordinal as "ordinal",
    case when ordinal <= count_1 then 'doctor''s' when ordinal <= count_1 + count_2 then 'nurse' else 'other' end as "role",
    case when ordinal <= count_1 then 'first' when ordinal <= count_1 + count_2 then 'second' else 'third' end as "rank",
    body."name"."full" as "person_name",
    case when len(body."languages") > 0 then array_to_string(list_transform(body."languages", lambda e: e ->> '$'), '|') end as "languages"
from parsed;

-- notes
with listed as (
    select
        records.nct_id,
        coalesce(records.body."notes", []) as elements,
        coalesce(len(coalesce(records.body."notes", [])), 0) as count_1
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '"VARCHAR"') as body
    from numbered
)
select
    nct_id as "visit_id",
    ordinal as "ordinal",
    body as "note"
from parsed;

-- marks
with listed as (
    select
        records.nct_id,
        coalesce(records.body."marks", []) as elements,
        coalesce(len(coalesce(records.body."marks", [])), 0) as count_1
    from temp.flatten_records as records
    anti join temp.flatten_rejected as rejected
        on records.page = rejected.page and records.position = rejected.position
),
numbered as (
    select
        * exclude (elements),
        unnest(elements) as element,
        generate_subscripts(elements, 1) as ordinal
    from listed
),
parsed as (
    select *, from_json(element, '"DOUBLE"') as body
    from numbered
)
select
    nct_id as "visit_id",
    ordinal as "ordinal",
    body as "mark"
from parsed;

-- quarantine
select
    'extract-1' as extract_id,
    rejected.page,
    rejected.position,
    nullif(lake.nct_id, '') as "visit_id",
    rejected.reason,
    lake.study as record
from temp.flatten_rejected as rejected
inner join read_parquet('it''s/studies.parquet') as lake
    on rejected.page = lake.page and rejected.position = lake.position;

-- release
drop table if exists temp.flatten_rejected;

-- release
drop table if exists temp.flatten_records;

-- records
select count(*) from read_parquet('it''s/studies.parquet');
