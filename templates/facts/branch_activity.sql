-- table: branch_activity
-- row: one change of the protected branch as the server recorded it
-- from: github_activity_seen, record
select
    * exclude (place)
from (
    select
        seen.evidence,
        seen.line,
        r.source,
        seen.activity_id,
        regexp_replace(seen."ref", '^refs/heads/', '') as branch,
        seen.activity_type,
        seen."at",
        seen."before",
        seen."after",
        seen.actor,
        row_number() over (partition by r.source, seen.activity_id order by r.entry desc, seen.evidence desc) as place
    from github_activity_seen as seen
    join record as r on r.blob = seen.evidence and r.kind = 'github.activity/1'
)
where place = 1
