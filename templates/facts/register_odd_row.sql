-- table: register_odd_row
-- row: one row of a register that cannot be read in full, as the register says that the newest collection of its source found
-- from: register_odd_row_version, newest_record
select * exclude (parsed)
from register_odd_row_version
where parsed in (
    select blob
    from newest_record
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
)
