-- table: codeowners_path
-- row: one protected path and the rule that decides, as the newest collection of its source found it; files below it that another rule decides have a row of their own
-- from: codeowners_path_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('codeowners.paths/1')
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
from codeowners_path_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
