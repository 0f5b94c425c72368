-- table: ticket
-- row: one ticket, as the register says that the newest collection of its source found
-- from: ticket_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.ticket-rows/1')
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
from ticket_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
