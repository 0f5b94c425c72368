-- table: boundary_managed_group_member
-- row: one account in one managed group in one single read
-- kind: boundary.managed-group/1
-- Source: Boundary API, "Managed group", fields as of 2026-11. Members are accounts, not users: boundary_user_account
-- leads from one to the other.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    managed_group_id,
    auth_method_id,
    account_id
from (
    select
        filename,
        x ->> '$.id' as managed_group_id,
        x ->> '$.auth_method_id' as auth_method_id,
        unnest(list_transform(coalesce(try_cast(x -> '$.member_ids' as json[]), []), lambda y: y ->> '$')) as account_id
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
