-- table: vault_transit_key
-- row: one key of a transit engine, in one snapshot
-- kind: vault.transit-keys/1
-- Source: Vault API, "Transit secrets engine", "Read key", fields of version 1.21. A version of a symmetric key is the second when it was made, one of an asymmetric key an object with creation_time.
select
    evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    namespace,
    place.mount as mount,
    place.name as "key",
    settings ->> '$.type' as key_type,
    try_cast(settings ->> '$.latest_version' as bigint) as latest_version,
    try_cast(settings ->> '$.min_decryption_version' as bigint) as min_decryption_version,
    try_cast(settings ->> '$.min_encryption_version' as bigint) as min_encryption_version,
    len(made)::bigint as versions,
    list_min(made) as created_at,
    list_max(made) as rotated_at,
    try_cast(settings ->> '$.auto_rotate_period' as bigint) as auto_rotate_period,
    try_cast(settings ->> '$.exportable' as boolean) as exportable,
    try_cast(settings ->> '$.allow_plaintext_backup' as boolean) as allow_plaintext_backup,
    try_cast(settings ->> '$.deletion_allowed' as boolean) as deletion_allowed,
    try_cast(settings ->> '$.imported_key' as boolean) as imported
from (
    select
        'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
        "data" as settings,
        regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
        -- two slashes end the path of the mount
        regexp_extract(regexp_replace(part, '^[^ ]+/: ', ''), '^(.*?/)/keys/(.+)$', ['mount', 'name']) as place,
        list_transform(
            map_values(coalesce(try_cast("data" -> '$.keys' as map(varchar, json)), map {})),
            lambda made: coalesce(
                make_timestamp_ns(try_cast(made as bigint) * 1000000000),
                (try_cast(made ->> '$.creation_time' as timestamptz) at time zone 'UTC')::timestamp_ns
            )
        ) as made
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'json'}
    ) as body
    join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
)
where place.mount <> ''
  and coalesce(json_type(settings -> '$.keys'), '') <> 'ARRAY' -- a list is another part of the record, and may end like a name
