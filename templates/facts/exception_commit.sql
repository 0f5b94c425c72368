-- table: exception_commit
-- row: what one commit did to one exception, as the newest collection of its source found the history
-- from: exception_commit_version, newest_record
select * exclude (parsed)
from exception_commit_version
where parsed in (select blob from newest_record where kind = 'exceptions.life/1')
