-- table: vault_token
-- row: one token that was looked up by its accessor, in one snapshot
-- kind: vault.tokens/1
-- Source: Vault API, "Lookup a token (accessor)", fields of version 1.21. Times are seconds, ttl is what was left; the list of accessors is another part of the record.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    "data" ->> '$.accessor' as accessor,
    "data" ->> '$.display_name' as display_name,
    nullif("data" ->> '$.entity_id', '') as entity_id,
    coalesce(try_cast("data" -> '$.policies' as varchar[]), []) as policies,
    coalesce(try_cast("data" -> '$.identity_policies' as varchar[]), []) as identity_policies,
    "data" ->> '$.path' as path,
    "data" ->> '$.role' as role,
    "data" ->> '$.type' as "type",
    try_cast("data" ->> '$.orphan' as boolean) as orphan,
    try_cast("data" ->> '$.renewable' as boolean) as renewable,
    make_timestamp_ns(try_cast("data" ->> '$.creation_time' as bigint) * 1000000000) as created_at,
    (try_cast("data" ->> '$.expire_time' as timestamptz) at time zone 'UTC')::timestamp_ns as expires_at,
    try_cast("data" ->> '$.creation_ttl' as bigint) as creation_ttl,
    try_cast("data" ->> '$.ttl' as bigint) as ttl,
    try_cast("data" ->> '$.explicit_max_ttl' as bigint) as explicit_max_ttl,
    try_cast("data" ->> '$.period' as bigint) as period,
    try_cast("data" ->> '$.num_uses' as bigint) as num_uses,
    list_contains(coalesce(try_cast("data" -> '$.policies' as varchar[]), []), 'root') as root,
    ("data" ->> '$.expire_time') is null as never_expires,
    coalesce(try_cast("data" -> '$.bound_cidrs' as varchar[]), []) as bound_cidrs,
    ("data" -> '$.meta')::varchar as meta
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {"data": 'json'}
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
where not part like '%auth/token/accessors'
