-- table: boundary_session_state
-- row: one state of one session in one single read
-- kind: boundary.session/1
-- Source: Boundary API, "Session", fields as of 2026-11. States come newest first: pending, active, canceling,
-- terminated; position is their place in the answer. The last read of a session is boundary_session.read_evidence.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    session_id,
    position,
    x ->> '$.status' as status,
    (try_cast(x ->> '$.start_time' as timestamptz) at time zone 'UTC')::timestamp_ns as started_at,
    (try_cast(x ->> '$.end_time' as timestamptz) at time zone 'UTC')::timestamp_ns as ended_at
from (
    select
        filename,
        x ->> '$.id' as session_id,
        unnest(coalesce(try_cast(x -> '$.states' as json[]), [])) as x,
        unnest(range(1, coalesce(json_array_length(x, '$.states'), 0)::bigint + 1)) as position
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
