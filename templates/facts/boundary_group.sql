-- table: boundary_group
-- row: one group in one snapshot
-- kind: boundary.groups/1
-- Source: Boundary API, "Group", fields as of 2026-11. A list leaves out members: boundary_group_member has them.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as group_id,
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
