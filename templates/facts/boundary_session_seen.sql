-- table: boundary_session_seen
-- row: one session in one answer, a list page or a single read: boundary_session has the newest of each
-- kind: boundary.sessions/1, boundary.session/1, boundary.session-changes/1
-- Source: Boundary API, "Session", fields as of 2026-11. A list page has its sessions in "items" and leaves out connections; a
-- single read is the bare session. Zero values are left out and 64-bit integers are texts. updated_time is not the end of a
-- session: that is the start of its state "terminated".
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    single as "read",
    s ->> '$.id' as session_id,
    s ->> '$.user_id' as user_id,
    s ->> '$.auth_token_id' as auth_token_id,
    s ->> '$.target_id' as target_id,
    s ->> '$.host_id' as host_id,
    s ->> '$.host_set_id' as host_set_id,
    s ->> '$.scope_id' as scope_id,
    s ->> '$.endpoint' as endpoint,
    s ->> '$.status' as status,
    (try_cast(s ->> '$.created_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (list_min(list_transform(list_filter(states, lambda x: x ->> '$.status' = 'active'), lambda x: try_cast(x ->> '$.start_time' as timestamptz))) at time zone 'UTC')::timestamp_ns as activated_at,
    (list_min(list_transform(list_filter(states, lambda x: x ->> '$.status' = 'terminated'), lambda x: try_cast(x ->> '$.start_time' as timestamptz))) at time zone 'UTC')::timestamp_ns as ended_at,
    (try_cast(s ->> '$.expiration_time' as timestamptz) at time zone 'UTC')::timestamp_ns as expires_at,
    s ->> '$.termination_reason' as termination_reason,
    case when single then len(connections)::bigint end as connections,
    case when single then coalesce(list_sum(list_transform(connections, lambda x: try_cast(x ->> '$.bytes_up' as bigint))), 0)::bigint end as bytes_up,
    case when single then coalesce(list_sum(list_transform(connections, lambda x: try_cast(x ->> '$.bytes_down' as bigint))), 0)::bigint end as bytes_down
from (
    select
        filename,
        single,
        s,
        coalesce(try_cast(s -> '$.states' as json[]), []) as states,
        coalesce(try_cast(s -> '$.connections' as json[]), []) as connections
    from (
        select
            filename,
            json ->> '$.id' is not null as single,
            unnest(case when json ->> '$.id' is not null then [json] else coalesce(try_cast(json -> '$.items' as json[]), []) end) as s
        from read_json_objects(
            getvariable('paths'),
            format = 'unstructured',
            filename = true,
            maximum_object_size = 16777216
        )
    )
)
