-- table: branch_rule
-- row: what one ruleset, or the older branch protection, demands of the protected branch, as the newest collection found it
-- from: protected_branch, github_rule_seen, github_ruleset_seen, github_protection_seen, newest_record
-- A branch without a rule has no row; protected_branch has it. Rules of several rulesets hold together: the strictest counts.
with newest as (
    select blob, source, kind
    from newest_record
    where kind in ('github.branch-rules/1', 'github.rulesets/1', 'github.branch-protection/1')
),
ruleset as (
    select newest.source, seen.*  exclude (source)
    from github_ruleset_seen as seen
    join newest on newest.blob = seen.evidence
),
rule as (
    select newest.source, seen.* exclude (source)
    from github_rule_seen as seen
    join newest on newest.blob = seen.evidence
),
by_ruleset as (
    select
        source,
        ruleset_id,
        min(evidence) as evidence,
        coalesce(bool_or(require_code_owner_review), false) as owner_review_required,
        coalesce(bool_or(dismiss_stale_reviews), false) as stale_approvals_dismissed,
        coalesce(bool_or(require_last_push_approval), false) as last_push_approval_required,
        coalesce(max(required_approvals), 0) as required_approvals,
        bool_or("type" = 'non_fast_forward') as force_push_blocked,
        bool_or("type" = 'deletion') as deletion_blocked
    from rule
    group by
        source,
        ruleset_id
)
select
    b.evidence,
    1::bigint as line,
    b.source,
    branch.branch,
    branch."at",
    'ruleset ' || coalesce(ruleset."name", b.ruleset_id::varchar) as origin,
    owner_review_required,
    stale_approvals_dismissed,
    last_push_approval_required,
    required_approvals,
    force_push_blocked,
    deletion_blocked,
    coalesce(ruleset.bypass_known, false) as bypass_known,
    coalesce(ruleset.bypass_actors, []) as bypass_actors
from by_ruleset as b
join protected_branch as branch on branch.source = b.source
left join ruleset on ruleset.source = b.source and ruleset.ruleset_id = b.ruleset_id
union all
select
    p.evidence,
    1::bigint as line,
    newest.source,
    branch.branch,
    branch."at",
    'branch protection' as origin,
    coalesce(require_code_owner_review, false) as owner_review_required,
    coalesce(dismiss_stale_reviews, false) as stale_approvals_dismissed,
    coalesce(require_last_push_approval, false) as last_push_approval_required,
    coalesce(required_approvals, 0) as required_approvals,
    not coalesce(force_pushes_allowed, false) as force_push_blocked,
    not coalesce(deletions_allowed, false) as deletion_blocked,
    true as bypass_known,
    case when coalesce(admins_enforced, false) then bypass_actors else list_append(bypass_actors, 'administrators') end as bypass_actors
from github_protection_seen as p
join newest on newest.blob = p.evidence
join protected_branch as branch on branch.source = newest.source
where p.protected
