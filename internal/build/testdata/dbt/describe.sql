-- One line for each thing that a run leaves behind in the schemas "s" and "s_%".
with relations as (
    select
        c.oid,
        n.nspname as schema_name,
        c.relname as relation_name,
        n.nspname || '.' || c.relname as name,
        case c.relkind when 'r' then 'table' when 'v' then 'view' else 'materialized view' end as kind,
        c.relpersistence,
        c.relacl,
        c.relowner
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'v', 'm') and (n.nspname = 's' or n.nspname like 's\_%')
),

lines as (
    select
        name,
        1 as part,
        0 as position,
        kind || case relpersistence when 'u' then ' unlogged' else '' end as line
    from relations
    union all
    select
        r.name,
        2,
        a.attnum,
        'column ' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            || case when a.attnotnull then ' not null' else '' end
    from relations as r
    join pg_attribute as a on a.attrelid = r.oid
    where a.attnum > 0 and not a.attisdropped
    union all
    select
        r.name,
        3,
        0,
        -- Where a constraint has no name of its own, dbt's is made of the name
        -- that the table has before the swap, and numbered.
        'constraint ' || regexp_replace(k.conname, '__dbt_tmp|\d+$', '', 'g') || ' ' || replace(pg_get_constraintdef(k.oid), '__dbt_tmp', '')
    from relations as r
    join pg_constraint as k on k.conrelid = r.oid
    union all
    -- The names of indexes are hashes of the time.
    select
        r.name,
        4,
        0,
        regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \S+ ON (ONLY )?\S+ ', ' INDEX ')
    from relations as r
    join pg_index as i on i.indrelid = r.oid
    where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.conrelid = r.oid)
    union all
    select
        r.name,
        5,
        d.objsubid,
        'comment ' || coalesce(quote_ident(a.attname) || ' ', '') || d.description
    from relations as r
    join pg_description as d on d.objoid = r.oid and d.classoid = 'pg_class'::regclass
    left join pg_attribute as a on a.attrelid = r.oid and a.attnum = d.objsubid and d.objsubid > 0
    union all
    select
        r.name,
        6,
        0,
        'grant ' || string_agg(acl.privilege_type, ', ' order by acl.privilege_type) || ' to ' || quote_ident(g.rolname)
    from relations as r
    cross join aclexplode(r.relacl) as acl
    join pg_roles as g on g.oid = acl.grantee
    where acl.grantee <> r.relowner
    group by r.name, g.rolname
    union all
    select
        r.name,
        7,
        0,
        'row ' || unnest(xpath('//line/text()', query_to_xml(
            format('select t::text as line from %I.%I as t', r.schema_name, r.relation_name), false, false, ''
        )))::text
    from relations as r
)

select name || ': ' || replace(line, E'\n', '\n')
from lines
order by name collate "C", part, position, line collate "C"
