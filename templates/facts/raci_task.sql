-- table: raci_task
-- row: one task of a RACI, as the newest collection of its source found it
-- from: raci_task_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('raci.rows/1')
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
from raci_task_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
