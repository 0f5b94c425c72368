-- table: github_pull_seen
-- row: one pull request in one answer: pull_request has the newest
-- kind: github.pulls/1
-- Source: GitHub REST API documentation, "Get a pull request", fields as of 2026-11.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    try_cast("number" ->> '$' as bigint) as pull,
    "title" ->> '$' as title,
    "user" ->> '$.login' as author,
    "user" ->> '$.type' as author_type,
    "state" ->> '$' as state,
    "base" ->> '$.ref' as base,
    "head" ->> '$.sha' as head_commit,
    "merge_commit_sha" ->> '$' as merge_commit,
    (try_cast("created_at" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as created_at,
    (try_cast("merged_at" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as merged_at,
    "merged_by" ->> '$.login' as merged_by,
    try_cast("commits" ->> '$' as bigint) as commits
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"number": 'json', "title": 'json', "user": 'json', "state": 'json', "base": 'json', "head": 'json', "merge_commit_sha": 'json', "created_at": 'json', "merged_at": 'json', "merged_by": 'json', "commits": 'json'}
)
