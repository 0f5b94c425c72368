-- table: boundary_target
-- row: one target in one snapshot
-- kind: boundary.targets/1
-- Source: Boundary API, "Target", fields as of 2026-11. A connection limit of -1 is none. A list leaves out host
-- sources and credential sources: boundary_target_source has them. worker_filter is the older, single filter. Only SSH
-- targets can record sessions.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as target_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.scope.name' as scope_name,
    x ->> '$.type' as "type",
    x ->> '$.address' as address,
    try_cast(x ->> '$.session_max_seconds' as bigint) as session_max_seconds,
    try_cast(x ->> '$.session_connection_limit' as bigint) as session_connection_limit,
    try_cast(x ->> '$.attributes.default_port' as bigint) as default_port,
    x ->> '$.worker_filter' as worker_filter,
    x ->> '$.egress_worker_filter' as egress_worker_filter,
    x ->> '$.ingress_worker_filter' as ingress_worker_filter,
    coalesce(try_cast(x ->> '$.attributes.enable_session_recording' as boolean), false) as session_recording,
    x ->> '$.attributes.storage_bucket_id' as storage_bucket_id
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
