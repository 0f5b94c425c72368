-- table: boundary_host
-- row: one host in one snapshot
-- kind: boundary.hosts/1
-- Source: Boundary API, "Host", fields as of 2026-11. address is that of a static host; a plugin gives ip_addresses,
-- dns_names and what the host is called outside.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as host_id,
    x ->> '$.host_catalog_id' as host_catalog_id,
    x ->> '$.scope.id' as scope_id,
    coalesce(x ->> '$.name', x ->> '$.external_name') as "name",
    x ->> '$.description' as description,
    x ->> '$.type' as "type",
    x ->> '$.attributes.address' as address,
    list_transform(coalesce(try_cast(x -> '$.host_set_ids' as json[]), []), lambda y: y ->> '$') as host_set_ids,
    list_transform(coalesce(try_cast(x -> '$.ip_addresses' as json[]), []), lambda y: y ->> '$') as ip_addresses,
    list_transform(coalesce(try_cast(x -> '$.dns_names' as json[]), []), lambda y: y ->> '$') as dns_names,
    x ->> '$.external_id' as external_id,
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
