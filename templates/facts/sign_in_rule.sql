-- table: sign_in_rule
-- row: one auth mount and how it lets people in, as the register says that the newest collection of its source found
-- from: sign_in_rule_version, newest_record
select * exclude (parsed)
from sign_in_rule_version
where parsed in (select blob from newest_record where kind = 'register.sign-in-rule-rows/1')
