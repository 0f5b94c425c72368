-- table: deployment
-- row: one deployment of one commit, as the register says that the newest collection of its source found
-- from: deployment_version, newest_record
select * exclude (parsed)
from deployment_version
where parsed in (select blob from newest_record where kind = 'register.deployment-rows/1')
