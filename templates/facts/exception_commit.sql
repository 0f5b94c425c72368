-- table: exception_commit
-- row: what one commit did to one exception, as the newest collection of its source found the history
-- from: exception_commit_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('exceptions.life/1')
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
from exception_commit_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
