-- table: sign_in_rule
-- row: one auth mount and how it lets people in, as the register says that the newest collection of its source found
-- from: sign_in_rule_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in ('register.sign-in-rule-rows/1')
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
from sign_in_rule_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
