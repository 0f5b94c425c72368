-- table: boundary_auth_method
-- row: one auth method in one snapshot
-- kind: boundary.auth-methods/1
-- Source: Boundary API, "Auth method", fields as of 2026-11. state is that of OIDC and LDAP methods: inactive,
-- active-private, active-public. A text that a type of method does not have is null.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as auth_method_id,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.type' as "type",
    coalesce(try_cast(x ->> '$.is_primary' as boolean), false) as is_primary,
    x ->> '$.attributes.state' as state,
    try_cast(x ->> '$.attributes.min_login_name_length' as bigint) as min_login_name_length,
    try_cast(x ->> '$.attributes.min_password_length' as bigint) as min_password_length,
    x ->> '$.attributes.issuer' as issuer,
    x ->> '$.attributes.client_id' as client_id,
    try_cast(x ->> '$.attributes.max_age' as bigint) as max_age_seconds,
    list_transform(coalesce(try_cast(x -> '$.attributes.signing_algorithms' as json[]), []), lambda y: y ->> '$') as signing_algorithms,
    list_transform(coalesce(try_cast(x -> '$.attributes.allowed_audiences' as json[]), []), lambda y: y ->> '$') as allowed_audiences,
    coalesce(try_cast(x ->> '$.attributes.disable_discovered_config_validation' as boolean), false) as config_validation_disabled,
    list_transform(coalesce(try_cast(x -> '$.attributes.urls' as json[]), []), lambda y: y ->> '$') as urls,
    coalesce(try_cast(x ->> '$.attributes.start_tls' as boolean), false) as start_tls,
    coalesce(try_cast(x ->> '$.attributes.insecure_tls' as boolean), false) as insecure_tls,
    (try_cast(x ->> '$.created_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(x ->> '$.updated_time' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from (
    select
        filename,
        unnest(coalesce(try_cast(json -> '$.items' as json[]), [])) as x
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216
    )
)
