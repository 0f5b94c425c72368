-- table: raci_task
-- row: one task of a RACI, as the newest collection of its source found it
-- from: raci_task_version, newest_record
select * exclude (parsed)
from raci_task_version
where parsed in (select blob from newest_record where kind = 'raci.rows/1')
