-- table: codeowners_path
-- row: one protected path and the rule that decides, as the newest collection of its source found it; files below it that another rule decides have a row of their own
-- from: codeowners_path_version, newest_record
select * exclude (parsed)
from codeowners_path_version
where parsed in (select blob from newest_record where kind = 'codeowners.paths/1')
