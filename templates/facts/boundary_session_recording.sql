-- table: boundary_session_recording
-- row: one session recording in one answer, a list page or a single read
-- kind: boundary.session-recordings/1, boundary.session-recording/1
-- Source: Boundary API, "Session recording", fields as of 2026-11. state is started, available or unknown;
-- error_details comes with unknown. connections, the user and the target as they were then come from a single read
-- alone and are null in a list. "read" says which it is.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    single as "read",
    x ->> '$.id' as recording_id,
    x ->> '$.session_id' as session_id,
    x ->> '$.scope.id' as scope_id,
    x ->> '$.storage_bucket_id' as storage_bucket_id,
    x ->> '$.type' as "type",
    x ->> '$.state' as state,
    x ->> '$.error_details' as error_details,
    x ->> '$.endpoint' as endpoint,
    (try_cast(x ->> '$.start_time' as timestamptz) at time zone 'UTC')::timestamp_ns as started_at,
    (try_cast(x ->> '$.end_time' as timestamptz) at time zone 'UTC')::timestamp_ns as ended_at,
    coalesce(try_cast(x ->> '$.bytes_up' as bigint), 0) as bytes_up,
    coalesce(try_cast(x ->> '$.bytes_down' as bigint), 0) as bytes_down,
    case when single then coalesce(json_array_length(x, '$.connection_recordings'), 0)::bigint end as connections,
    x ->> '$.create_time_values.user.id' as user_id,
    x ->> '$.create_time_values.user.name' as user_name,
    x ->> '$.create_time_values.target.id' as target_id,
    x ->> '$.create_time_values.target.name' as target_name,
    (try_cast(x ->> '$.retain_until' as timestamptz) at time zone 'UTC')::timestamp_ns as retain_until,
    (try_cast(x ->> '$.delete_after' as timestamptz) at time zone 'UTC')::timestamp_ns as delete_after,
    (try_cast(x ->> '$.created_time' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast(x ->> '$.updated_time' as timestamptz) at time zone 'UTC')::timestamp_ns as updated_at
from (
    select
        filename,
        json ->> '$.id' is not null as single,
        unnest(case when json ->> '$.id' is not null then [json] else coalesce(try_cast(json -> '$.items' as json[]), []) end) as x
    from read_json_objects(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 16777216
    )
)
