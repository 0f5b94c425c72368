-- table: vault_request
-- row: one request id over the union of audit devices
-- from: vault_audit
-- shared: request_id, time
-- A column is that of the first line that has a value for it: requests before responses, then by evidence and line. The order is one
-- number, so that a group needs little memory: the type, 35 bits of the digest, and the line (a segment has fewer than 2^27 lines).
-- Lines that agree in all of them are not two lines of one request.
select
    request_id,
    min("time") as "time",
    arg_min(operation, place) as operation,
    arg_min(path, place) as path,
    arg_min(mount_type, place) as mount_type,
    arg_min(mount_point, place) as mount_point,
    arg_min(namespace, place) as namespace,
    arg_min(display_name, place) as display_name,
    arg_min(entity_id, place) as entity_id,
    coalesce(arg_min(case when len(policies) > 0 then policies end, place), []) as policies,
    coalesce(arg_min(case when len(token_policies) > 0 then token_policies end, place), []) as token_policies,
    arg_min(token_type, place) as token_type,
    arg_min(token_accessor, place) as token_accessor,
    arg_min(remote_address, place) as remote_address,
    arg_min(error, place) as error,
    coalesce(bool_or(response_error), false) as response_error,
    count(*) filter ("type" = 'request') as requests,
    count(*) filter ("type" = 'response') as responses,
    count(distinct device) as devices,
    list(distinct device order by device) as device_names,
    arg_min(evidence, place) as evidence,
    arg_min(line, place) as line,
    arg_min(device, place) as device
from (
    select
        *,
        (case when "type" = 'request' then 0 else 1::bigint << 62 end)
            + (((('0x' || evidence[8:16])::bigint) >> 1) << 27)
            + line as place
    from vault_audit
    where request_id is not null
)
group by request_id
