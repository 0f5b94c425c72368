-- table: vault_tuning
-- row: how one auth method or secrets engine is tuned, in one snapshot
-- kind: vault.tuning/1
-- Source: Vault API, "Read mount configuration" and "Read auth method tuning", fields of version 1.21. Lifetimes are those in effect, with the defaults of the system.
select
    'sha256:' || regexp_extract(body.filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
    regexp_extract(part, 'sys/mounts/(.*)tune$', 1) as path,
    try_cast("data" ->> '$.default_lease_ttl' as bigint) as default_lease_ttl,
    try_cast("data" ->> '$.max_lease_ttl' as bigint) as max_lease_ttl,
    "data" ->> '$.token_type' as token_type,
    "data" ->> '$.listing_visibility' as listing_visibility,
    coalesce(try_cast("data" -> '$.audit_non_hmac_request_keys' as varchar[]), []) as audit_non_hmac_request_keys,
    coalesce(try_cast("data" -> '$.audit_non_hmac_response_keys' as varchar[]), []) as audit_non_hmac_response_keys,
    coalesce(try_cast("data" -> '$.passthrough_request_headers' as varchar[]), []) as passthrough_request_headers,
    coalesce(try_cast("data" -> '$.allowed_response_headers' as varchar[]), []) as allowed_response_headers,
    try_cast("data" ->> '$.user_lockout_disable' as boolean) as user_lockout_disable,
    try_cast("data" ->> '$.user_lockout_threshold' as bigint) as user_lockout_threshold,
    try_cast("data" ->> '$.user_lockout_duration' as bigint) as user_lockout_duration,
    try_cast("data" ->> '$.user_lockout_counter_reset_duration' as bigint) as user_lockout_counter_reset_duration,
    try_cast("data" ->> '$.force_no_cache' as boolean) as force_no_cache
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {"data": 'json'}
) as body
join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
