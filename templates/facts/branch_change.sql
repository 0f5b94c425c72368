-- table: branch_change
-- row: one commit that landed on the protected branch, as it was collected last
-- from: branch_change_seen, record
select
    * exclude (parsed, place)
from (
    select seen.*, row_number() over (partition by seen."source", seen.branch, seen."commit" order by newest.entry desc, seen.parsed desc) as place
    from branch_change_seen as seen
    join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.parsed
)
where place = 1
