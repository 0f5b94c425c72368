-- table: identity_owner
-- row: one identity and who answers for it, as the register says that the newest collection of its source found
-- from: identity_owner_version, newest_record
select * exclude (parsed)
from identity_owner_version
where parsed in (select blob from newest_record where kind = 'register.identity-owner-rows/1')
