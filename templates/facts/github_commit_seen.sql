-- table: github_commit_seen
-- row: one commit in one answer: a commit with many files has several
-- kind: github.commits/1
-- Source: GitHub REST API documentation, "Get a commit", fields as of 2026-11. author and
-- committer are accounts, null where none belongs to the mail address in the commit.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    "sha" ->> '$' as "commit",
    "author" ->> '$.login' as author,
    "committer" ->> '$.login' as committer,
    try_cast("commit" ->> '$.verification.verified' as boolean) as verified,
    "commit" ->> '$.verification.reason' as verification,
    coalesce(list_filter(list_transform(try_cast(files as json[]), lambda f: f ->> '$.previous_filename'), lambda n: n is not null), []) as previous_filenames
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"sha": 'json', "author": 'json', "committer": 'json', "commit": 'json', "files": 'json'}
)
