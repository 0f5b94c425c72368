-- table: boundary_credential_store
-- row: one credential store in one snapshot
-- kind: boundary.credential-stores/1
-- Source: Boundary API, "Credential store", fields as of 2026-11. type is vault or static. Boundary gives HMACs of
-- secrets, which are not columns, and no secret.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as credential_store_id,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.type' as "type",
    x ->> '$.attributes.address' as address,
    x ->> '$.attributes.namespace' as namespace,
    x ->> '$.attributes.tls_server_name' as tls_server_name,
    coalesce(try_cast(x ->> '$.attributes.tls_skip_verify' as boolean), false) as tls_skip_verify,
    x ->> '$.attributes.worker_filter' as worker_filter,
    x ->> '$.attributes.token_status' as token_status,
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
