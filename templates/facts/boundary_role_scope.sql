-- table: boundary_role_scope
-- row: one scope to which the grants of one role apply, in one single read
-- kind: boundary.role/1
-- Source: Boundary API, "Role", fields as of 2026-11. grant_scope is the id of a scope, or this, children or
-- descendants. Servers before 0.15 have one grant_scope_id instead of a list.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    role_id,
    scope_id,
    grant_scope
from (
    select
        filename,
        x ->> '$.id' as role_id,
        x ->> '$.scope_id' as scope_id,
        unnest(list_filter(coalesce(
            list_transform(try_cast(x -> '$.grant_scope_ids' as json[]), lambda y: y ->> '$'),
            [x ->> '$.grant_scope_id']
        ), lambda y: y is not null)) as grant_scope
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
