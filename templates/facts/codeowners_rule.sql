-- table: codeowners_rule
-- row: one line of a CODEOWNERS file that is a rule or should be one, as the newest collection of its source found it
-- from: codeowners_rule_version, newest_record
select * exclude (parsed)
from codeowners_rule_version
where parsed in (select blob from newest_record where kind = 'codeowners.rules/1')
