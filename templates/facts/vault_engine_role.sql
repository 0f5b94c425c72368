-- table: vault_engine_role
-- row: one role or lease setting of a secrets engine, in one snapshot
-- kind: vault.engine-roles/1
-- Source: Vault API, "Secrets engines", read role (or lease) of each, fields of version 1.21. Durations are numbers of seconds; those of a lease are texts such as 1h30m0s.
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
    coalesce(
        try_cast(settings ->> '$.default_ttl' as bigint),
        try_cast(settings ->> '$.default_sts_ttl' as bigint),
        try_cast(settings ->> '$.token_default_ttl' as bigint),
        try_cast(settings ->> '$.ttl' as bigint),
        case
            when regexp_full_match(settings ->> '$.lease', '(\d+h)?(\d+m)?(\d+s)?') then
                3600 * coalesce(try_cast(regexp_extract(settings ->> '$.lease', '(\d+)h', 1) as bigint), 0)
                + 60 * coalesce(try_cast(regexp_extract(settings ->> '$.lease', '(\d+)m', 1) as bigint), 0)
                + coalesce(try_cast(regexp_extract(settings ->> '$.lease', '(\d+)s', 1) as bigint), 0)
            else try_cast(settings ->> '$.lease' as bigint)
        end
    ) as default_ttl,
    coalesce(
        try_cast(settings ->> '$.max_ttl' as bigint),
        try_cast(settings ->> '$.max_sts_ttl' as bigint),
        try_cast(settings ->> '$.token_max_ttl' as bigint),
        case
            when regexp_full_match(settings ->> '$.lease_max', '(\d+h)?(\d+m)?(\d+s)?') then
                3600 * coalesce(try_cast(regexp_extract(settings ->> '$.lease_max', '(\d+)h', 1) as bigint), 0)
                + 60 * coalesce(try_cast(regexp_extract(settings ->> '$.lease_max', '(\d+)m', 1) as bigint), 0)
                + coalesce(try_cast(regexp_extract(settings ->> '$.lease_max', '(\d+)s', 1) as bigint), 0)
            else try_cast(settings ->> '$.lease_max' as bigint)
        end
    ) as max_ttl,
    try_cast(settings ->> '$.rotation_period' as bigint) as rotation_period,
    nullif(settings ->> '$.rotation_schedule', '') as rotation_schedule,
    (try_cast(settings ->> '$.last_vault_rotation' as timestamptz) at time zone 'UTC')::timestamp_ns as rotated_at,
    settings ->> '$.credential_type' as credential_type,
    settings ->> '$.db_name' as db_name,
    settings ->> '$.username' as username,
    settings::varchar as settings
from (
    select
        body.filename,
        nullif(mount_type, '') as mount_type,
        "data" as settings,
        regexp_extract(part, '^([^ ]+)/: ', 1) as namespace,
        -- a setting of the mount, or a list of it and a name in that. Two slashes end the mount's path; in older evidence they are one
        case
            when contains(part, '//') then regexp_extract(regexp_replace(part, '^[^ ]+/: ', ''), '^(.*?/)/(?:(config/lease)|(roles?|static-roles?|roleset|static-account|impersonated-account)/(.+))$', ['mount', 'setting', 'list', 'name'])
            else regexp_extract(regexp_replace(part, '^[^ ]+/: ', ''), '^(.*/)(?:(config/lease)|(roles?|static-roles?|roleset|static-account|impersonated-account)/(.+))$', ['mount', 'setting', 'list', 'name'])
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
