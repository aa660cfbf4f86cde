-- Natural keys that differ have surrogate keys that differ, whatever their
-- parts hold: each pair below is one that a careless key would merge.

with

pairs as (

    select 'NULL moves' as pair, 'a' as a1, null as b1, 'b' as c1, 'a' as a2, 'b' as b2, null as c2
    union all
    select 'separator inside', 'a|b', 'c', 'd', 'a', 'b|c', 'd'
    union all
    select 'length inside', '1:a', 'b', 'c', '1', 'a1:b', 'c'
    union all
    select 'NULL is not empty', 'a', null, 'b', 'a', '', 'b'
    union all
    select 'NULL is not its marker', 'a', null, 'b', 'a', '~', 'b'
    union all
    select 'text moves', 'ab', 'c', 'd', 'a', 'bc', 'd'
    union all
    select 'case counts', 'A', 'b', 'c', 'a', 'b', 'c'

),

keys as (

    select
        pair,
        {{ surrogate_key(['a1', 'b1', 'c1']) }} as first_key,
        {{ surrogate_key(['a2', 'b2', 'c2']) }} as second_key
    from pairs

)

select * from keys
where first_key = second_key or length(first_key) <> 32
