-- table: boundary_session_connection
-- row: one connection of one session in one single read
-- kind: boundary.session/1
-- Source: Boundary API, "Session", fields as of 2026-11. Connections have no id and no times in the API; position is
-- their place in the answer. The last read of a session is boundary_session.read_evidence. Bytes are 0 where Boundary
-- left them out.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    session_id,
    position,
    x ->> '$.client_tcp_address' as client_address,
    try_cast(x ->> '$.client_tcp_port' as bigint) as client_port,
    x ->> '$.endpoint_tcp_address' as endpoint_address,
    try_cast(x ->> '$.endpoint_tcp_port' as bigint) as endpoint_port,
    coalesce(try_cast(x ->> '$.bytes_up' as bigint), 0) as bytes_up,
    coalesce(try_cast(x ->> '$.bytes_down' as bigint), 0) as bytes_down,
    x ->> '$.closed_reason' as closed_reason
from (
    select
        filename,
        x ->> '$.id' as session_id,
        unnest(coalesce(try_cast(x -> '$.connections' as json[]), [])) as x,
        unnest(range(1, coalesce(json_array_length(x, '$.connections'), 0)::bigint + 1)) as position
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
