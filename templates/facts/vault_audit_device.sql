-- table: vault_audit_device
-- row: one audit device in one snapshot
-- kind: vault.audit-devices/1
-- Source: Vault API, "List enabled audit devices", fields of version 1.21. The devices are the members of "data"; options are texts.
select
    evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    device.key as path,
    device.value ->> '$.type' as "type",
    device.value ->> '$.description' as description,
    coalesce(device.value ->> '$.options.file_path', device.value ->> '$.options.path') as file_path,
    device.value ->> '$.options.mode' as "mode",
    coalesce(device.value ->> '$.options.format', 'json') as format,
    device.value ->> '$.options.prefix' as prefix,
    coalesce(try_cast(device.value ->> '$.options.log_raw' as boolean), false) as log_raw,
    coalesce(try_cast(device.value ->> '$.options.hmac_accessor' as boolean), true) as hmac_accessor,
    coalesce(try_cast(device.value ->> '$.options.elide_list_responses' as boolean), false) as elide_list_responses,
    try_cast(device.value ->> '$.local' as boolean) as "local",
    (device.value -> '$.options')::varchar as options
from (
    select
        'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
        unnest(map_entries("data")) as device
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'map(varchar, json)'}
    )
)
