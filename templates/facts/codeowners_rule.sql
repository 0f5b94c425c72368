-- table: codeowners_rule
-- row: one line of a CODEOWNERS file that is a rule or should be one, as the newest collection of its source found it
-- from: codeowners_rule_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('codeowners.rules/1')
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
from codeowners_rule_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
