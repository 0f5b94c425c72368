-- table: alert
-- row: one alert, as the register says that the newest collection of its source found
-- from: alert_version, newest_record
select * exclude (parsed)
from alert_version
where parsed in (select blob from newest_record where kind = 'register.alert-rows/1')
