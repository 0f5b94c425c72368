-- table: boundary_role
-- row: one role in one snapshot
-- kind: boundary.roles/1
-- Source: Boundary API, "Role", fields as of 2026-11. A list leaves out grants, principals and grant scopes:
-- boundary_role_grant, boundary_role_principal and boundary_role_scope have them.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as role_id,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    (try_cast(x ->> '$.created_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(x ->> '$.updated_time' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from (
    select
        filename,
        unnest(coalesce(try_cast(json -> '$.items' as json[]), [])) as x
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216
    )
)
