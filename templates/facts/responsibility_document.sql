-- table: responsibility_document
-- row: one responsibility matrix or RACI, as the newest collection of its source found it
-- from: responsibility_document_version, newest_record
select * exclude (parsed)
from responsibility_document_version
where parsed in (select blob from newest_record where kind in ('responsibility.rows/1', 'raci.rows/1'))
