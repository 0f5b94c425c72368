-- table: external_integration
-- row: one reference to something outside that one commit of the branch added, as it was collected last
-- from: external_integration_seen, record
select
    * exclude (parsed, place)
from (
    select
        seen.*,
        row_number() over (partition by seen."source", branch, "commit", "path", "sort", "value" order by newest.entry desc, seen.parsed desc) as place
    from external_integration_seen as seen
    join (select blob, max(entry) as entry from record group by blob) as newest on newest.blob = seen.parsed
)
where place = 1
