-- table: document
-- row: one file that people supplied, as the index states it that the newest collection of its source found
-- from: document_version, newest_record
select * exclude (parsed)
from document_version
where parsed in (select blob from newest_record where kind = 'documents.rows/1')
