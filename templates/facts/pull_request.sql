-- table: pull_request
-- row: one merged pull request that a change belongs to, as it was collected last
-- from: github_pull_seen, record
select
    * exclude (place)
from (
    select
        seen.* exclude (source),
        r.source,
        row_number() over (partition by r.source, seen.pull order by r.entry desc, seen.evidence desc) as place
    from github_pull_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.pulls/1'
)
where place = 1
