-- table: exception_approval
-- row: one approval in an exception file, as the newest collection of its source found it
-- from: exception_approval_version, newest_record
select * exclude (parsed)
from exception_approval_version
where parsed in (select blob from newest_record where kind = 'exceptions.rows/1')
