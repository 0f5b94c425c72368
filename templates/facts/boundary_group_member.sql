-- table: boundary_group_member
-- row: one member of one group in one single read
-- kind: boundary.group/1
-- Source: Boundary API, "Group", fields as of 2026-11. A group without members has no row.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    group_id,
    x ->> '$.id' as user_id,
    x ->> '$.scope_id' as user_scope_id
from (
    select
        filename,
        x ->> '$.id' as group_id,
        unnest(coalesce(try_cast(x -> '$.members' as json[]), [])) as x
    from (
        select
            filename,
            json as x
        from read_json_objects(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216
        )
    )
)
