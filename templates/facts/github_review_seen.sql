-- table: github_review_seen
-- row: one review in one answer: pull_review has the newest
-- kind: github.reviews/1
-- Source: GitHub REST API documentation, "List reviews for a pull request", fields as of 2026-11. reviewer is
-- null for an account that was deleted.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    try_cast("id" ->> '$' as bigint) as review_id,
    try_cast(regexp_extract("pull_request_url" ->> '$', '/pulls/([0-9]+)$', 1) as bigint) as pull,
    "user" ->> '$.login' as reviewer,
    "user" ->> '$.type' as reviewer_type,
    "state" ->> '$' as state,
    (try_cast("submitted_at" ->> '$' as timestamptz) at time zone 'UTC')::timestamp_ns as submitted_at,
    "commit_id" ->> '$' as "commit",
    "author_association" ->> '$' as association
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"id": 'json', "pull_request_url": 'json', "user": 'json', "state": 'json', "submitted_at": 'json', "commit_id": 'json', "author_association": 'json'}
)
