-- table: boundary_target_read
-- row: one target in one single read
-- kind: boundary.target/1
-- Source: Boundary API, "Target", fields as of 2026-11. How many sources of each use it has: boundary_target_source has
-- a row for each of them, and none for a target without any.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as target_id,
    x ->> '$.name' as "name",
    x ->> '$.scope_id' as scope_id,
    coalesce(json_array_length(x, '$.host_sources'), 0)::bigint as host_sources,
    coalesce(json_array_length(x, '$.brokered_credential_sources'), 0)::bigint as brokered_credential_sources,
    coalesce(json_array_length(x, '$.injected_application_credential_sources'), 0)::bigint as injected_credential_sources,
    list_transform(coalesce(try_cast(x -> '$.aliases' as json[]), []), lambda y: y ->> '$.value') as aliases
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
