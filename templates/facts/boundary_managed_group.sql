-- table: boundary_managed_group
-- row: one managed group in one snapshot
-- kind: boundary.managed-groups/1
-- Source: Boundary API, "Managed group", fields as of 2026-11. filter is that of an OIDC method, group_names those of
-- an LDAP method. Boundary works out the members when they log in.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as managed_group_id,
    x ->> '$.auth_method_id' as auth_method_id,
    x ->> '$.scope.id' as scope_id,
    x ->> '$.type' as "type",
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.attributes.filter' as "filter",
    list_transform(coalesce(try_cast(x -> '$.attributes.group_names' as json[]), []), lambda y: y ->> '$') as group_names,
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
