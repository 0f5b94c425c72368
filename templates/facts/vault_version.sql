-- table: vault_version
-- row: one version that a Vault has run, in one snapshot
-- kind: vault.version-history/1
-- Source: Vault API, "Version history", fields of version 1.21. The versions are the members of "key_info".
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    item.key as version,
    (try_cast(item.value ->> '$.timestamp_installed' as timestamptz) at time zone 'UTC')::timestamp_ns as installed_at,
    (try_cast(nullif(item.value ->> '$.build_date', '') as timestamptz) at time zone 'UTC')::timestamp_ns as built_at,
    item.value ->> '$.previous_version' as previous_version
from (
    select filename, unnest(map_entries("data".key_info)) as item
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'struct(key_info map(varchar, json))'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
