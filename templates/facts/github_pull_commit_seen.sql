-- table: github_pull_commit_seen
-- row: one commit in one answer about a pull request's commits
-- kind: github.pull-commits/1
-- Source: GitHub REST API documentation, "List commits on a pull request", fields as of 2026-11. The answer
-- does not name the pull request: the name of its part does, in table record.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    "sha" ->> '$' as "commit",
    "author" ->> '$.login' as author,
    "committer" ->> '$.login' as committer,
    "commit" ->> '$.author.email' as author_email
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"sha": 'json', "author": 'json', "committer": 'json', "commit": 'json'}
)
