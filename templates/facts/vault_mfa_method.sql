-- table: vault_mfa_method
-- row: one method of login MFA in one snapshot
-- kind: vault.mfa-methods/1
-- Source: Vault API, "Login MFA", list MFA methods, fields of version 1.21. The methods are the members of "key_info".
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    item.key as method_id,
    item.value ->> '$.name' as "name",
    item.value ->> '$.type' as "type",
    nullif(item.value ->> '$.mount_accessor', '') as mount_accessor,
    nullif(item.value ->> '$.username_format', '') as username_format,
    item.value ->> '$.issuer' as issuer,
    item.value ->> '$.algorithm' as algorithm,
    try_cast(item.value ->> '$.digits' as bigint) as digits,
    try_cast(item.value ->> '$.period' as bigint) as period,
    try_cast(item.value ->> '$.max_validation_attempts' as bigint) as max_validation_attempts,
    item.value::varchar as settings
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
