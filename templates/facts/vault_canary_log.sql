-- table: vault_canary_log
-- row: one of the collector's own requests, and one device whose log must have it
-- from: vault_canary, vault_canary_device, vault_audit, record
-- A device's logs are those of the same source with the name of its file, after their folder where that is the file's own, else in
-- any folder: the nodes of a cluster write a file each, and the one that handled the request has it. Where no device is known, or no
-- log of any of them was collected, the row has no device and all logs of the source.
with file as (
    select
        evidence,
        device,
        max("time") as last_time
    from vault_audit
    group by evidence, device
),
log as (
    select
        origin.source,
        file.device,
        max(file.last_time) as last_time
    from file
    join (select distinct blob, source from record where kind like 'vault.audit-log/%') as origin on origin.blob = file.evidence
    group by origin.source, file.device
),
entry as (
    select
        request_id,
        device,
        min("time") as "time",
        count(*) filter ("type" = 'request') as requests,
        count(*) filter ("type" = 'response') as responses
    from vault_audit
    where request_id in (select request_id from vault_canary)
    group by request_id, device
),
first_entry as (
    select
        request_id,
        min("time") as "time"
    from entry
    group by request_id
),
candidate as (
    select
        d.evidence,
        d.line,
        d.device_path,
        l.device,
        l.device = regexp_extract(replace(d.file_path, '\', '/'), '([^/]*)/[^/]*$', 1) || '/' || d.log as same_folder
    from vault_canary_device as d
    join log as l
        on l.source = d.source
        and d.log <> ''
        and (l.device = d.log or ends_with(l.device, '/' || d.log))
),
device_log as (
    select evidence, line, device_path, device
    from candidate
    qualify same_folder or not bool_or(same_folder) over (partition by evidence, line, device_path)
),
place as (
    select
        d.evidence,
        d.line,
        d.device_path,
        d.file_path,
        d.partial,
        dl.device
    from vault_canary_device as d
    left join device_log as dl
        on dl.evidence = d.evidence
        and dl.line = d.line
        and dl.device_path = d.device_path
    union all
    select
        c.evidence,
        c.line,
        null as device_path,
        null as file_path,
        false as partial,
        l.device
    from vault_canary as c
    left join log as l on l.source = c.source
    where not exists (
        select 1
        from device_log as dl
        where dl.evidence = c.evidence
          and dl.line = c.line
    )
)
select
    c.evidence,
    c.line,
    c.source,
    c.request_id,
    c."time",
    c.path,
    p.device_path,
    p.file_path,
    coalesce(p.partial, false) as partial,
    coalesce(list(distinct p.device order by p.device) filter (p.device is not null), []) as logs,
    max(l.last_time) as logged_until,
    coalesce(sum(e.requests), 0)::bigint as requests,
    coalesce(sum(e.responses), 0)::bigint as responses,
    min(f."time") as first_logged
from vault_canary as c
join place as p
    on p.evidence = c.evidence
    and p.line = c.line
left join log as l
    on l.source = c.source
    and l.device = p.device
left join entry as e
    on e.request_id = c.request_id
    and e.device = p.device
left join first_entry as f on f.request_id = c.request_id
group by
    c.evidence,
    c.line,
    c.source,
    c.request_id,
    c."time",
    c.path,
    p.device_path,
    p.file_path,
    p.partial
