-- table: github_branch_seen
-- row: one branch in one answer
-- kind: github.branch/1
-- Source: GitHub REST API documentation, "Get a branch", fields as of 2026-11.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    "name" ->> '$' as branch,
    "commit" ->> '$.sha' as tip,
    try_cast("protected" ->> '$' as boolean) as protected
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"name": 'json', "commit": 'json', "protected": 'json'}
)
