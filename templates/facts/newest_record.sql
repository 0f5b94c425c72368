-- table: newest_record
-- row: one blob in one record of the newest collection that its source made of its kind
-- from: record
with newest as (
    select kind, source, max(entry) as entry
    from record
    group by kind, source
)
select record.*
from record
join newest using (kind, source, entry)
