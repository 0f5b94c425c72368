-- table: commit_pull
-- row: one commit that the server was asked about, and the pull request that brought it to the branch; pull is null for none
-- from: github_commit_pull_seen, branch_change, record
-- The name of an answer's part says which commit was asked about; equal answers are one blob. Of several merged pull requests into the
-- branch the one counts whose merge commit it is, then the one merged first.
with asked as (
    select distinct
        source,
        blob,
        entry,
        regexp_extract("name", '/commits/([0-9a-f]{40,64})/pulls', 1) as "commit"
    from record
    where kind = 'github.commit-pulls/1'
),
newest as (
    select source, "commit", max(entry) as entry
    from asked
    group by
        source,
        "commit"
),
answer as (
    select asked.source, asked."commit", asked.blob
    from asked
    join newest using (source, "commit", entry)
),
merged as (
    select
        answer.source,
        answer."commit",
        seen.evidence,
        seen.pull,
        seen.merged_at,
        row_number() over (
            partition by answer.source, answer."commit"
            order by coalesce(seen.merge_commit = answer."commit", false) desc, seen.merged_at, seen.pull
        ) as place
    from answer
    join github_commit_pull_seen as seen on seen.evidence = answer.blob
    join branch_change as c on c."source" = answer.source and c."commit" = answer."commit" and c.branch = seen.base
    where seen.merged_at is not null
)
select
    coalesce(merged.evidence, answer.blob) as evidence,
    1::bigint as line,
    answer.source,
    answer."commit",
    merged.pull,
    merged.merged_at
from (select source, "commit", min(blob) as blob from answer group by source, "commit") as answer
left join merged on merged.source = answer.source and merged."commit" = answer."commit" and merged.place = 1
