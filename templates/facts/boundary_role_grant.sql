-- table: boundary_role_grant
-- row: one grant of one role in one single read
-- kind: boundary.role/1
-- Source: Boundary API, "Role", fields as of 2026-11. canonical is the form to compare; raw is as somebody wrote it.
-- ids holds the one id of older servers too. A grant without a type has null.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    role_id,
    scope_id,
    x ->> '$.canonical' as canonical,
    x ->> '$.raw' as "raw",
    x ->> '$.json.type' as "type",
    list_filter(list_prepend(x ->> '$.json.id', list_transform(coalesce(try_cast(x -> '$.json.ids' as json[]), []), lambda y: y ->> '$')), lambda y: y is not null) as ids,
    list_transform(coalesce(try_cast(x -> '$.json.actions' as json[]), []), lambda y: y ->> '$') as actions
from (
    select
        filename,
        x ->> '$.id' as role_id,
        x ->> '$.scope_id' as scope_id,
        unnest(coalesce(try_cast(x -> '$.grants' as json[]), [])) as x
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
