-- table: github_commit_pull_seen
-- row: one pull request in one answer to which of them a commit belongs
-- kind: github.commit-pulls/1
-- Source: GitHub REST API documentation, "List pull requests associated with a commit", fields as of 2026-11. The answer
-- does not name the commit: the name of its part does, in table record.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    try_cast("number" ->> '$' as bigint) as pull,
    "base" ->> '$.ref' as base,
    "merge_commit_sha" ->> '$' as merge_commit,
    (try_cast("merged_at" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as merged_at
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"number": 'json', "base": 'json', "merge_commit_sha": 'json', "merged_at": 'json'}
)
