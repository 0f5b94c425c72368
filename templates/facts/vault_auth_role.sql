-- table: vault_auth_role
-- row: one role, user, group, certificate or setting of an auth method, in one snapshot
-- kind: vault.auth-roles/1
-- Source: Vault API, "Auth methods", read role (or user, group, certificate, configuration) of each, fields of version 1.21. Older roles have ttl, max_ttl, period and policies without token_.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    namespace,
    place.mount as mount,
    mount_type,
    coalesce(nullif(place.setting, ''), place.list) as collection,
    nullif(place.name, '') as role,
    coalesce(try_cast(settings ->> '$.token_ttl' as bigint), try_cast(settings ->> '$.ttl' as bigint)) as token_ttl,
    coalesce(try_cast(settings ->> '$.token_max_ttl' as bigint), try_cast(settings ->> '$.max_ttl' as bigint)) as token_max_ttl,
    coalesce(try_cast(settings ->> '$.token_explicit_max_ttl' as bigint), try_cast(settings ->> '$.explicit_max_ttl' as bigint)) as token_explicit_max_ttl,
    coalesce(try_cast(settings ->> '$.token_period' as bigint), try_cast(settings ->> '$.period' as bigint)) as token_period,
    try_cast(settings ->> '$.token_num_uses' as bigint) as token_num_uses,
    settings ->> '$.token_type' as token_type,
    coalesce(try_cast(settings -> '$.token_policies' as varchar[]), try_cast(settings -> '$.allowed_policies' as varchar[]), try_cast(settings -> '$.policies' as varchar[]), []) as policies,
    coalesce(try_cast(settings -> '$.token_bound_cidrs' as varchar[]), []) as token_bound_cidrs,
    try_cast(settings ->> '$.token_no_default_policy' as boolean) as token_no_default_policy,
    try_cast(settings ->> '$.orphan' as boolean) as orphan,
    try_cast(settings ->> '$.renewable' as boolean) as renewable,
    try_cast(settings ->> '$.bind_secret_id' as boolean) as bind_secret_id,
    try_cast(settings ->> '$.secret_id_ttl' as bigint) as secret_id_ttl,
    try_cast(settings ->> '$.secret_id_num_uses' as bigint) as secret_id_num_uses,
    coalesce(try_cast(settings -> '$.secret_id_bound_cidrs' as varchar[]), []) as secret_id_bound_cidrs,
    settings::varchar as settings
from (
    select
        body.filename,
        nullif(mount_type, '') as mount_type,
        "data" as settings,
        regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
        -- a setting of the mount, or a list of it and a name in that. Two slashes end the mount's path; in older evidence they are one
        case
            when contains(part, '//') then regexp_extract(regexp_replace(part, '^[^ ]+/: ', ''), '^(.*?/)/(?:(config(?:/ldap)?)|(roles?|users|groups|certs)/(.+))$', ['mount', 'setting', 'list', 'name'])
            else regexp_extract(regexp_replace(part, '^[^ ]+/: ', ''), '^(.*/)(?:(config(?:/ldap)?)|(roles?|users|groups|certs)/(.+))$', ['mount', 'setting', 'list', 'name'])
        end as place
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {mount_type: 'varchar', "data": 'json'}
    ) as body
    join (select unnest(getvariable('paths')) as filename, unnest(getvariable('names')) as part) as named on named.filename = body.filename
)
where place.mount <> ''
  and coalesce(json_type(settings -> '$.keys'), '') <> 'ARRAY' -- a list is another part of the record, and may end like a name
