-- table: boundary_user
-- row: one user in one snapshot
-- kind: boundary.users/1
-- Source: Boundary API, "User", fields as of 2026-11. u_anon, u_auth and u_recovery are Boundary's own. login_name,
-- full_name and email are those of the account of the scope's primary auth method. A list leaves out accounts:
-- boundary_user_account has them.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as user_id,
    x ->> '$.scope_id' as scope_id,
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.login_name' as login_name,
    x ->> '$.full_name' as full_name,
    x ->> '$.email' as email,
    x ->> '$.primary_account_id' as primary_account_id,
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
