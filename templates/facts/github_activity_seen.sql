-- table: github_activity_seen
-- row: one change of a branch in one answer
-- kind: github.activity/1
-- Source: GitHub REST API documentation, "List repository activities", fields as of 2026-11. actor is null
-- where GitHub names none.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    try_cast("id" ->> '$' as bigint) as activity_id,
    "ref" ->> '$' as "ref",
    "activity_type" ->> '$' as activity_type,
    (try_cast("timestamp" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as "at",
    "before" ->> '$' as "before",
    "after" ->> '$' as "after",
    "actor" ->> '$.login' as actor
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"id": 'json', "ref": 'json', "activity_type": 'json', "timestamp": 'json', "before": 'json', "after": 'json', "actor": 'json'}
)
