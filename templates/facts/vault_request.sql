-- table: vault_request
-- row: one request id over the union of audit devices
-- from: vault_audit
-- A column is that of the earliest request line; where it has no value, that of the earliest other line.
select
    request_id,
    min("time") as "time",
    coalesce(arg_min(operation, place) filter (is_request), arg_min(operation, place)) as operation,
    coalesce(arg_min(path, place) filter (is_request), arg_min(path, place)) as path,
    coalesce(arg_min(mount_type, place) filter (is_request), arg_min(mount_type, place)) as mount_type,
    coalesce(arg_min(mount_point, place) filter (is_request), arg_min(mount_point, place)) as mount_point,
    coalesce(arg_min(namespace, place) filter (is_request), arg_min(namespace, place)) as namespace,
    coalesce(arg_min(display_name, place) filter (is_request), arg_min(display_name, place)) as display_name,
    coalesce(arg_min(entity_id, place) filter (is_request), arg_min(entity_id, place)) as entity_id,
    coalesce(arg_min(policies, place) filter (is_request and len(policies) > 0), arg_min(policies, place)) as policies,
    coalesce(arg_min(token_policies, place) filter (is_request and len(token_policies) > 0), arg_min(token_policies, place)) as token_policies,
    coalesce(arg_min(token_type, place) filter (is_request), arg_min(token_type, place)) as token_type,
    coalesce(arg_min(token_accessor, place) filter (is_request), arg_min(token_accessor, place)) as token_accessor,
    coalesce(arg_min(remote_address, place) filter (is_request), arg_min(remote_address, place)) as remote_address,
    arg_min(error, place) as error,
    count(*) filter ("type" = 'request') as requests,
    count(*) filter ("type" = 'response') as responses,
    count(distinct device) as devices,
    arg_min(evidence, (not is_request, place)) as evidence,
    arg_min(line, (not is_request, place)) as line,
    arg_min(device, (not is_request, place)) as device
from (
    select *, "type" = 'request' as is_request, ("time", evidence, line) as place
    from vault_audit
    where request_id is not null
)
group by request_id
