-- table: exception
-- row: one exception file, as the newest collection of its source found it
-- from: exception_version, newest_record
select * exclude (parsed)
from exception_version
where parsed in (select blob from newest_record where kind = 'exceptions.rows/1')
