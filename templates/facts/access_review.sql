-- table: access_review
-- row: one decision on one grant in one review of access, as the register says that the newest collection of its source found
-- from: access_review_version, newest_record
select * exclude (parsed)
from access_review_version
where parsed in (select blob from newest_record where kind = 'register.access-review-rows/1')
