-- table: vault_request_device
-- row: one request id on one audit device that has any of it
-- from: vault_audit
-- What one device lacks is what another has more of: compare the rows of a request with the devices of its time.
select
    request_id,
    device,
    min("time") as "time",
    count(*) filter ("type" = 'request') as requests,
    count(*) filter ("type" = 'response') as responses
from vault_audit
where request_id is not null
group by request_id, device
