-- table: boundary_scope
-- row: one scope below the configured one, and that one itself, in one snapshot
-- kind: boundary.scopes/1, boundary.scope/1
-- Source: Boundary API, "Scope", fields as of 2026-11. The list has the scopes within the one that is asked; that one
-- itself is read singly. The parent of global is null.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    x ->> '$.id' as scope_id,
    case when x ->> '$.id' <> 'global' then x ->> '$.scope_id' end as parent_id,
    x ->> '$.type' as "type",
    x ->> '$.name' as "name",
    x ->> '$.description' as description,
    x ->> '$.primary_auth_method_id' as primary_auth_method_id,
    (try_cast(x ->> '$.created_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(x ->> '$.updated_time' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from (
    select
        filename,
        unnest(case when json ->> '$.id' is not null then [json] else coalesce(try_cast(json -> '$.items' as json[]), []) end) as x
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216
    )
)
