-- table: boundary_account
-- row: one account in one snapshot
-- kind: boundary.accounts/1
-- Source: Boundary API, "Account", fields as of 2026-11. An account belongs to a scope by its auth method. subject,
-- issuer, full_name and email are of OIDC and LDAP accounts.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as account_id,
    x ->> '$.auth_method_id' as auth_method_id,
    x ->> '$.scope.id' as scope_id,
    x ->> '$.type' as "type",
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.attributes.login_name' as login_name,
    x ->> '$.attributes.issuer' as issuer,
    x ->> '$.attributes.subject' as subject,
    x ->> '$.attributes.full_name' as full_name,
    x ->> '$.attributes.email' as email,
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
