-- table: responsibility
-- row: one area of a responsibility matrix, as the newest collection of its source found it
-- from: responsibility_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('responsibility.rows/1')
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
from responsibility_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
