-- table: change_review
-- row: one protected file that one change of the branch touched, with the pull request and the approvals that it had when it was merged
-- from: branch_change_path, commit_pull, pull_request, change_approval, team_member, github_commit_seen, record
-- approved_by_owner is null where it cannot be told: the server was not asked about the change or its reviews, or somebody approved who
-- may be an owner: of a team whose members were not to be had, or known to CODEOWNERS by a mail address.
with owned as (
    select p."source" as source, p."commit", p."path", p.protected, unnest(p.owners) as owner
    from branch_change_path as p
),
owner_approval as (
    select distinct owned.source, owned."commit", owned."path", owned.protected, a.reviewer
    from owned
    join change_approval as a on a.source = owned.source and a."commit" = owned."commit" and a.counts
    left join team_member as m on m.source = owned.source and m.team = lower(owned.owner) and lower(m.login) = lower(a.reviewer)
    where lower(owned.owner) = '@' || lower(a.reviewer)
       or m.login is not null
),
owner_approvals as (
    select source, "commit", "path", protected, list(reviewer order by reviewer) as reviewers
    from owner_approval
    group by
        source,
        "commit",
        "path",
        protected
),
unknown_owner as (
    select distinct owned.source, owned."commit", owned."path", owned.protected, owned.owner
    from owned
    where not starts_with(owned.owner, '@')
       or contains(owned.owner, '/')
      and not exists (select 1 from team_member as m where m.source = owned.source and m.team = lower(owned.owner))
),
unknown_owners as (
    select source, "commit", "path", protected, list(owner order by owner) as owners
    from unknown_owner
    group by
        source,
        "commit",
        "path",
        protected
),
approvals as (
    select
        source,
        "commit",
        count(*) filter (where counts) as counting,
        list(
            reviewer || ' ' || lower(state) || ' ' || strftime(submitted_at, '%Y-%m-%dT%H:%M:%SZ')
                || case when not on_merged_commit then ' on an older commit' else '' end
                || case when by_author then ' as author' else '' end
            order by submitted_at, reviewer
        ) as texts
    from change_approval
    group by
        source,
        "commit"
),
account as (
    -- of the landed commit, and what the server makes of its signature; a commit with many files has several answers that agree
    select
        r.source,
        seen."commit",
        min(seen.author) as author,
        bool_and(seen.verified) as verified,
        min(seen.verification) as verification
    from github_commit_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.commits/1'
    group by
        r.source,
        seen."commit"
),
reviews_asked as (
    select distinct source, try_cast(regexp_extract("name", '/pulls/([0-9]+)/reviews', 1) as bigint) as pull
    from record
    where kind = 'github.reviews/1'
)
select
    p.evidence,
    p.line,
    p."source" as source,
    p.branch,
    p."commit",
    p.landed_at,
    p."path",
    p.other_path,
    p.change,
    p.protected,
    p.purpose,
    p.required_owners,
    p.codeowners,
    p.rule_line,
    p.pattern,
    p.owners,
    c."commit" is not null and (c.pull is null or reviews_asked.pull is not null and pull.pull is not null) as asked,
    account.author as commit_author,
    account.verified,
    account.verification,
    c.pull,
    pull.author as pull_author,
    pull.merged_by,
    pull.merged_at,
    coalesce(approvals.texts, []) as approvals,
    coalesce(owner_approvals.reviewers, []) as owner_approvals,
    coalesce(unknown_owners.owners, []) as unknown_owners,
    case
        when c."commit" is null then null
        when c.pull is null then false
        when reviews_asked.pull is null or pull.pull is null then null
        when owner_approvals.reviewers is not null then true
        when unknown_owners.owners is not null and coalesce(approvals.counting, 0) > 0 then null
        else false
    end as approved_by_owner
from branch_change_path as p
left join commit_pull as c on c.source = p."source" and c."commit" = p."commit"
left join pull_request as pull on pull.source = c.source and pull.pull = c.pull
left join account on account.source = p."source" and account."commit" = p."commit"
left join reviews_asked on reviews_asked.source = c.source and reviews_asked.pull = c.pull
left join approvals on approvals.source = p."source" and approvals."commit" = p."commit"
left join owner_approvals
    on owner_approvals.source = p."source" and owner_approvals."commit" = p."commit" and owner_approvals."path" = p."path" and owner_approvals.protected = p.protected
left join unknown_owners
    on unknown_owners.source = p."source" and unknown_owners."commit" = p."commit" and unknown_owners."path" = p."path" and unknown_owners.protected = p.protected
