-- table: boundary_host_catalog
-- row: one host catalog in one snapshot
-- kind: boundary.host-catalogs/1
-- Source: Boundary API, "Host catalog", fields as of 2026-11. type is static or plugin; plugin_name is that of a
-- plugin, such as aws or azure.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as host_catalog_id,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.type' as "type",
    x ->> '$.plugin_id' as plugin_id,
    x ->> '$.plugin.name' as plugin_name,
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
