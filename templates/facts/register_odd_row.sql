-- table: register_odd_row
-- row: one row of a register that cannot be read in full, as the register says that the newest collection of its source found
-- from: register_odd_row_version, record
with own as (
    select
        kind,
        source,
        entry,
        blob
    from record
    where kind in (
        'register.leaver-rows/1',
        'register.ticket-rows/1',
        'register.alert-rows/1',
        'register.sign-in-rule-rows/1',
        'register.identity-owner-rows/1',
        'register.log-store-rows/1',
        'register.access-review-rows/1',
        'register.blocked-run-rows/1',
        'register.deployment-rows/1'
    )
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
from register_odd_row_version
where parsed in (
    select
        own.blob
    from own
    join newest
        using (kind, source, entry)
)
