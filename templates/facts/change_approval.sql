-- table: change_approval
-- row: the opinion of one reviewer on one change as it stood when its pull request was merged
-- from: commit_pull, pull_request, pull_review, github_commit_seen, github_pull_commit_seen, record
-- The last review of a reviewer that approves, requests changes or was dismissed is the opinion; a comment after it changes nothing, and
-- what came after the merge is none. When a review was dismissed is not kept by GitHub: one dismissed after the merge counts as dismissed.
-- Authors are who opened the pull request, and the accounts of the landed commit and of all commits of the pull request.
with change as (
    select c.source, c."commit", p.pull, p.author, p.head_commit, p.merged_at
    from commit_pull as c
    join pull_request as p on p.source = c.source and p.pull = c.pull
),
author as (
    select source, "commit", lower(author) as login from change where author is not null
    union
    select r.source, seen."commit", lower(seen.author) as login
    from github_commit_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.commits/1'
    where seen.author is not null
    union
    select change.source, change."commit", lower(seen.author) as login
    from github_pull_commit_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.pull-commits/1'
    join change on change.source = r.source and change.pull = try_cast(regexp_extract(r."name", '/pulls/([0-9]+)/commits', 1) as bigint)
    where seen.author is not null
),
opinion as (
    select
        review.evidence,
        change.source,
        change."commit",
        change.pull,
        review.reviewer,
        review.review_id,
        review.state,
        review.submitted_at,
        review."commit" as reviewed_commit,
        coalesce(review."commit" = change.head_commit, false) as on_merged_commit,
        row_number() over (
            partition by change.source, change."commit", lower(review.reviewer)
            order by review.submitted_at desc, review.review_id desc
        ) as place
    from change
    join pull_review as review on review.source = change.source and review.pull = change.pull
    where review.reviewer is not null
      and review.state in ('APPROVED', 'CHANGES_REQUESTED', 'DISMISSED')
      and review.submitted_at <= change.merged_at
)
select
    opinion.evidence,
    1::bigint as line,
    opinion.source,
    opinion."commit",
    opinion.pull,
    opinion.reviewer,
    opinion.review_id,
    opinion.state,
    opinion.submitted_at,
    opinion.reviewed_commit,
    opinion.on_merged_commit,
    author.login is not null as by_author,
    opinion.state = 'APPROVED' and opinion.on_merged_commit and author.login is null as counts
from opinion
left join author on author.source = opinion.source and author."commit" = opinion."commit" and author.login = lower(opinion.reviewer)
where opinion.place = 1
