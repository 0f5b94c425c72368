-- table: leaver
-- row: one person who left or whose tasks changed, as the register says that the newest collection of its source found
-- from: leaver_version, newest_record
select * exclude (parsed)
from leaver_version
where parsed in (select blob from newest_record where kind = 'register.leaver-rows/1')
