-- table: vault_auth_method
-- row: one auth method in one snapshot
-- kind: vault.auth-methods/1
-- Source: Vault API, "List auth methods", fields of version 1.21. The mounts are the members of "data".
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    mount.key as path,
    mount.value ->> '$.type' as "type",
    mount.value ->> '$.accessor' as accessor,
    mount.value ->> '$.description' as description,
    try_cast(mount.value ->> '$.local' as boolean) as "local",
    try_cast(mount.value ->> '$.seal_wrap' as boolean) as seal_wrap,
    try_cast(mount.value ->> '$.config.default_lease_ttl' as bigint) as default_lease_ttl,
    try_cast(mount.value ->> '$.config.max_lease_ttl' as bigint) as max_lease_ttl,
    coalesce(mount.value ->> '$.running_plugin_version', mount.value ->> '$.running_version') as running_version
from (
    select
        filename,
        unnest(map_entries("data")) as mount
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'map(varchar, json)'}
    )
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
