-- table: access_review
-- row: one decision on one grant in one review of access, as the register says that the newest collection of its source found
-- from: access_review_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.access-review-rows/1')
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
from access_review_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
