-- table: boundary_role_principal
-- row: one principal of one role in one single read
-- kind: boundary.role/1
-- Source: Boundary API, "Role", fields as of 2026-11. type is user, group or managed group.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    role_id,
    scope_id,
    x ->> '$.id' as principal_id,
    x ->> '$.type' as "type",
    x ->> '$.scope_id' as principal_scope_id
from (
    select
        filename,
        x ->> '$.id' as role_id,
        x ->> '$.scope_id' as scope_id,
        unnest(coalesce(try_cast(x -> '$.principals' as json[]), [])) as x
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
