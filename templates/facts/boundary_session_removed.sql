-- table: boundary_session_removed
-- row: one session that Boundary said it had deleted, in one refresh
-- kind: boundary.session-changes/1
-- Source: Boundary documentation, "API list pagination", as of 2026-11. The ids are of all scopes, also of those in
-- which the token may not list, so an id that no list ever showed may lie there. "at" is when it was asked: the session
-- was deleted between the complete list before and then.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    session_id
from (
    select
        filename,
        unnest(list_transform(coalesce(try_cast(x -> '$.removed_ids' as json[]), []), lambda y: y ->> '$')) as session_id
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
