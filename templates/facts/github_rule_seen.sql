-- table: github_rule_seen
-- row: one active rule of one ruleset that applies to the branch, in one answer
-- kind: github.branch-rules/1
-- Source: GitHub REST API documentation, "Get rules for a branch", fields as of 2026-11.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    "type" ->> '$' as "type",
    try_cast("ruleset_id" ->> '$' as bigint) as ruleset_id,
    "ruleset_source_type" ->> '$' as ruleset_source_type,
    "ruleset_source" ->> '$' as ruleset_source,
    try_cast("parameters" ->> '$.require_code_owner_review' as boolean) as require_code_owner_review,
    try_cast("parameters" ->> '$.dismiss_stale_reviews_on_push' as boolean) as dismiss_stale_reviews,
    try_cast("parameters" ->> '$.require_last_push_approval' as boolean) as require_last_push_approval,
    try_cast("parameters" ->> '$.required_approving_review_count' as bigint) as required_approvals
from read_json(
    getvariable('paths'),
    format = 'array',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"type": 'json', "ruleset_id": 'json', "ruleset_source_type": 'json', "ruleset_source": 'json', "parameters": 'json'}
)
