-- table: vault_mfa_enforcement
-- row: one enforcement of login MFA in one snapshot
-- kind: vault.mfa-enforcements/1
-- Source: Vault API, "Login MFA enforcement", read, fields of version 1.21. The list is another part of the record.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    "data" ->> '$.id' as enforcement_id,
    "data" ->> '$.name' as "name",
    coalesce(try_cast("data" -> '$.mfa_method_ids' as varchar[]), []) as mfa_method_ids,
    coalesce(try_cast("data" -> '$.auth_method_accessors' as varchar[]), []) as auth_method_accessors,
    coalesce(try_cast("data" -> '$.auth_method_types' as varchar[]), []) as auth_method_types,
    coalesce(try_cast("data" -> '$.identity_entity_ids' as varchar[]), []) as entity_ids,
    coalesce(try_cast("data" -> '$.identity_group_ids' as varchar[]), []) as group_ids
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {"data": 'json'}
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
where not part like '%identity/mfa/login-enforcement'
