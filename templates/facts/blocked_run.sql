-- table: blocked_run
-- row: one run of a gate with what it was to stop, as the register says that the newest collection of its source found
-- from: blocked_run_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.blocked-run-rows/1')
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
from blocked_run_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
