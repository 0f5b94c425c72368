-- table: boundary_credential_library
-- row: one credential library in one snapshot
-- kind: boundary.credential-libraries/1
-- Source: Boundary API, "Credential library", fields as of 2026-11. The body that a library sends to Vault is taken out
-- before storing: Boundary counts it among the secrets.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as credential_library_id,
    x ->> '$.credential_store_id' as credential_store_id,
    x ->> '$.scope.id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.type' as "type",
    x ->> '$.credential_type' as credential_type,
    x ->> '$.attributes.path' as path,
    x ->> '$.attributes.http_method' as http_method,
    x ->> '$.attributes.username' as username,
    x ->> '$.attributes.key_type' as key_type,
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
