-- table: boundary_event
-- row: one line of an event log, and each event that was recovered from a line kept aside
-- kind: boundary.event-log/1, boundary.event-odd-lines/1
-- unit: part
-- Source: Boundary event logging, format cloudevents-json, as of 2026-11. A line is a row also where a shipper wrote the same
-- event twice: count by event_id. session_id is that of the request's path, of its details, or of the answer of
-- :authorize-session. user_id is whoever asked; it is the session's own user in an :authorize-session only. A line kept aside
-- reaches this statement as {}.
select
    evidence,
    line,
    getvariable('source') as source,
    device,
    event_id,
    "type",
    "time",
    "data" ->> '$.request_info.method' as "method",
    path,
    "data" ->> '$.request.endpoint' as endpoint,
    "data" ->> '$.request.operation' as operation,
    try_cast("data" ->> '$.response.status_code' as bigint) as status_code,
    "data" ->> '$.auth.user_info.id' as user_id,
    "data" ->> '$.auth.auth_token_id' as auth_token_id,
    coalesce(
        nullif(regexp_extract(path, '/sessions/(s_[A-Za-z0-9]+)', 1), ''),
        "data" ->> '$.request.details.session_id',
        "data" ->> '$.response.details.item.session_id',
        "data" ->> '$.response.details.session_id'
    ) as session_id,
    coalesce(nullif(regexp_extract(path, '/targets/([a-z]+_[A-Za-z0-9]+)', 1), ''), "data" ->> '$.response.details.item.target_id') as target_id,
    list_filter(
        list_prepend(
            "data" ->> '$.response.details.connection_id',
            list_transform(coalesce(try_cast("data" -> '$.request.details.close_request_data' as json[]), []), lambda x: x ->> '$.connection_id')
        ),
        lambda x: x is not null
    ) as connection_ids,
    event_id is not null or "type" is not null or "data" is not null as parsed
from (
    select
        'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
        row_number() over () as line,
        getvariable('name') as device,
        id as event_id,
        "type",
        try_cast("time" as timestamp_ns) as "time",
        "data",
        "data" ->> '$.request_info.path' as path
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        ignore_errors = true,
        filename = true,
        maximum_object_size = 16777217,
        columns = {id: 'varchar', "type": 'varchar', "time": 'varchar', "data": 'json'}
    )
    where getvariable('kind') <> 'boundary.event-odd-lines/1'
    union all
    select
        evidence,
        line,
        device,
        recovered ->> '$.id',
        recovered ->> '$.type',
        try_cast(recovered ->> '$.time' as timestamp_ns),
        recovered -> '$.data',
        recovered ->> '$.data.request_info.path'
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        maximum_object_size = 40000000,
        columns = {evidence: 'varchar', line: 'bigint', device: 'varchar', recovered: 'varchar'}
    )
    where getvariable('kind') = 'boundary.event-odd-lines/1'
        and json_valid(recovered)
)
