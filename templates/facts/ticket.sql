-- table: ticket
-- row: one ticket, as the register says that the newest collection of its source found
-- from: ticket_version, newest_record
select * exclude (parsed)
from ticket_version
where parsed in (select blob from newest_record where kind = 'register.ticket-rows/1')
