-- table: alert
-- row: one alert, as the register says that the newest collection of its source found
-- from: alert_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.alert-rows/1')
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
from alert_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
