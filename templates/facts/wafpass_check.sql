-- table: wafpass_check
-- row: one check of one control in one result of wafpass, as the newest collection of its source found it
-- from: wafpass_check_version, record
with own as (
    select
        "source",
        entry,
        blob
    from record
    where kind = 'wafpass.result/1'
),
newest as (
    select
        "source",
        max(entry) as entry
    from own
    group by "source"
)
select
    *
from wafpass_check_version
where evidence in (
    select
        own.blob
    from own
    join newest
        using ("source", entry)
)
