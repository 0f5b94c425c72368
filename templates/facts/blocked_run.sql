-- table: blocked_run
-- row: one run of a gate with what it was to stop, as the register says that the newest collection of its source found
-- from: blocked_run_version, newest_record
select * exclude (parsed)
from blocked_run_version
where parsed in (select blob from newest_record where kind = 'register.blocked-run-rows/1')
