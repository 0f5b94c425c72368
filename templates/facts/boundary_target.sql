-- table: boundary_target
-- row: one target in one snapshot
-- kind: boundary.targets/1
-- Source: Boundary API, "Target", fields as of 2026-11. A connection limit of -1 is none. A list leaves out host sources and
-- credential sources.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    t ->> '$.id' as target_id,
    t ->> '$.name' as "name",
    t ->> '$.description' as description,
    t ->> '$.scope_id' as scope_id,
    t ->> '$.scope.name' as scope_name,
    t ->> '$.type' as "type",
    t ->> '$.address' as address,
    try_cast(t ->> '$.session_max_seconds' as bigint) as session_max_seconds,
    try_cast(t ->> '$.session_connection_limit' as bigint) as session_connection_limit
from (
    select
        filename,
        unnest(coalesce(try_cast(json -> '$.items' as json[]), [])) as t
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216
    )
)
