-- table: exception_approval
-- row: one approval in an exception file, as the newest collection of its source found it
-- from: exception_approval_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('exceptions.rows/1')
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
from exception_approval_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
