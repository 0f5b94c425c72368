-- table: github_protection_seen
-- row: the older protection of one branch in one answer
-- kind: github.branch-protection/1
-- Source: GitHub REST API documentation, "Get branch protection", fields as of 2026-11. The answer
-- "Branch not protected" is a row too: protected is then false.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    message is null as protected,
    required_pull_request_reviews is not null as reviews_required,
    try_cast("required_pull_request_reviews" ->> '$.require_code_owner_reviews' as boolean) as require_code_owner_review,
    try_cast("required_pull_request_reviews" ->> '$.dismiss_stale_reviews' as boolean) as dismiss_stale_reviews,
    try_cast("required_pull_request_reviews" ->> '$.require_last_push_approval' as boolean) as require_last_push_approval,
    try_cast("required_pull_request_reviews" ->> '$.required_approving_review_count' as bigint) as required_approvals,
    try_cast("enforce_admins" ->> '$.enabled' as boolean) as admins_enforced,
    try_cast("allow_force_pushes" ->> '$.enabled' as boolean) as force_pushes_allowed,
    try_cast("allow_deletions" ->> '$.enabled' as boolean) as deletions_allowed,
    list_concat(
        coalesce(list_transform(try_cast(required_pull_request_reviews -> '$.bypass_pull_request_allowances.users' as json[]), lambda a: 'user ' || (a ->> '$.login')), []),
        coalesce(list_transform(try_cast(required_pull_request_reviews -> '$.bypass_pull_request_allowances.teams' as json[]), lambda a: 'team ' || (a ->> '$.slug')), []),
        coalesce(list_transform(try_cast(required_pull_request_reviews -> '$.bypass_pull_request_allowances.apps' as json[]), lambda a: 'app ' || (a ->> '$.slug')), [])
    ) as bypass_actors
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 16777216,
    columns = {"message": 'json', "required_pull_request_reviews": 'json', "enforce_admins": 'json', "allow_force_pushes": 'json', "allow_deletions": 'json'}
)
