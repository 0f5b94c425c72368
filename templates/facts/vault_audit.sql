-- table: vault_audit
-- row: one line of an audit log
-- kind: vault.audit-log/1
-- unit: part
-- Source: Vault audit devices, format json, entries of version 1.21; a time that cannot be read is null. A line whose values have
-- other types than these counts as not parsed, as a line that is no JSON object does.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    row_number() over () as line,
    getvariable('name') as device,
    try_cast("time" as timestamp_ns) as "time",
    "type",
    request.id as request_id,
    request.operation as operation,
    request.path as path,
    request.mount_type as mount_type,
    request.mount_point as mount_point,
    request.mount_class as mount_class,
    case when request is not null then coalesce(request.namespace.path, '') end as namespace,
    auth.display_name as display_name,
    auth.entity_id as entity_id,
    coalesce(auth.policies, []) as policies,
    coalesce(auth.token_policies, []) as token_policies,
    auth.token_type as token_type,
    coalesce(auth.accessor, request.client_token_accessor) as token_accessor,
    auth.token_ttl as token_ttl,
    request.client_id as client_id,
    request.remote_address as remote_address,
    error,
    auth.policy_results.allowed as allowed,
    "type" is not null or "time" is not null or request is not null or auth is not null as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    ignore_errors = true,
    filename = true,
    maximum_object_size = 17000000,
    columns = {
        "time": 'varchar',
        "type": 'varchar',
        auth: 'struct(
            accessor varchar,
            display_name varchar,
            entity_id varchar,
            policies varchar[],
            policy_results struct(allowed boolean),
            token_policies varchar[],
            token_ttl bigint,
            token_type varchar
        )',
        error: 'varchar',
        request: 'struct(
            client_id varchar,
            client_token_accessor varchar,
            id varchar,
            mount_class varchar,
            mount_point varchar,
            mount_type varchar,
            namespace struct(path varchar),
            operation varchar,
            path varchar,
            remote_address varchar
        )'
    }
)
