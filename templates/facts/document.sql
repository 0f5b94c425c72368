-- table: document
-- row: one file that people supplied, as the index states it that the newest collection of its source found
-- from: document_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('documents.rows/1')
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
from document_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
