-- table: leaver
-- row: one person who left or whose tasks changed, as the register says that the newest collection of its source found
-- from: leaver_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.leaver-rows/1')
),
newest as (
    select
        kind,
        source,
        max(entry) as entry
    from own
    group by
        kind,
        source
)
select
    * exclude (parsed)
from leaver_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
