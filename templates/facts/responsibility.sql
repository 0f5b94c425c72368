-- table: responsibility
-- row: one area of a responsibility matrix, as the newest collection of its source found it
-- from: responsibility_version, newest_record
select * exclude (parsed)
from responsibility_version
where parsed in (select blob from newest_record where kind = 'responsibility.rows/1')
