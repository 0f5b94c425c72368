-- table: log_store
-- row: one log in one central store, as the register says that the newest collection of its source found
-- from: log_store_version, newest_record
select * exclude (parsed)
from log_store_version
where parsed in (select blob from newest_record where kind = 'register.log-store-rows/1')
