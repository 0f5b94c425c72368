-- table: wafpass_check
-- row: one check of one control in one result of wafpass, as the newest collection of its source found it
-- from: wafpass_check_version, record, collection_part
-- A collection that found no result at all is the newest one too. A result may lie in several files: each has its own rows.
with own as (
    select distinct
        "source",
        entry,
        blob,
        "name"
    from record
    where kind = 'wafpass.result/1'
),
found as (
    select
        "source",
        entry
    from own
    union all
    select
        "source",
        entry
    from collection_part
    where kind = 'wafpass.result/1' and outcome = 'none'
),
newest as (
    select
        "source",
        max(entry) as entry
    from found
    group by "source"
)
select
    v.* replace (
        own."source" as "source",
        own."name" as "file"
    )
from own
join newest
    using ("source", entry)
join wafpass_check_version as v
    on v.evidence = own.blob
