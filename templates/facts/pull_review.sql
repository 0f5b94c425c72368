-- table: pull_review
-- row: one review of a pull request, as it was collected last
-- from: github_review_seen, record
select
    * exclude (place)
from (
    select
        seen.* exclude (source),
        r.source,
        row_number() over (partition by r.source, seen.review_id order by r.entry desc, seen.evidence desc) as place
    from github_review_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.reviews/1'
)
where place = 1
