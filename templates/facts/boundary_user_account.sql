-- table: boundary_user_account
-- row: one account of one user in one single read
-- kind: boundary.user/1
-- Source: Boundary API, "User", fields as of 2026-11. A user without an account has no row and cannot log in.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    user_id,
    x ->> '$.id' as account_id,
    x ->> '$.scope_id' as account_scope_id
from (
    select
        filename,
        x ->> '$.id' as user_id,
        unnest(coalesce(try_cast(x -> '$.accounts' as json[]), [])) as x
    from (
        select
            filename,
            json as x
        from read_json_objects(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216
        )
    )
)
