-- table: vault_audit
-- row: one line of an audit log, and each entry that was recovered from a line kept aside
-- kind: vault.audit-log/1, vault.audit-odd-lines/1
-- unit: part
-- Source: Vault audit devices, format json, entries of version 1.21. A time that cannot be read is null. A line whose values have other
-- types than these counts as not parsed, as one that is no JSON object does. A line kept aside reaches this statement as {}.
select
    evidence,
    line,
    device,
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
    nullif(coalesce(auth.accessor, request.client_token_accessor), 'redacted') as token_accessor, -- docs/sources/vault.md, log_raw
    auth.token_ttl as token_ttl,
    request.client_id as client_id,
    request.remote_address as remote_address,
    error,
    case
        when request.operation = 'read' and request.mount_type in ('kv', 'generic', 'cubbyhole') then false -- a secret may have any field
        when "type" = 'response' then response."data".error is not null
    end as response_error,
    auth.policy_results.allowed as allowed,
    getvariable('kind') = 'vault.audit-odd-lines/1'
        or "type" is not null or "time" is not null or request is not null or auth is not null as parsed
from (
    select
        'sha256:' || regexp_extract(getvariable('paths')[1], '[0-9a-f]{64}') as evidence,
        row_number() over () as line,
        getvariable('name') as device,
        "time",
        "type",
        auth,
        error,
        request,
        response
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        ignore_errors = true,
        maximum_object_size = 16777217,
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
            )',
            response: 'struct("data" struct(error varchar))'
        }
    )
    where getvariable('kind') <> 'vault.audit-odd-lines/1'
    union all
    select
        evidence,
        line,
        device,
        entry."time",
        entry."type",
        entry.auth,
        entry.error,
        entry.request,
        entry.response
    from (
        select
            evidence,
            line,
            device,
            json_transform(recovered, '{
                "time": "VARCHAR",
                "type": "VARCHAR",
                "auth": {
                    "accessor": "VARCHAR",
                    "display_name": "VARCHAR",
                    "entity_id": "VARCHAR",
                    "policies": ["VARCHAR"],
                    "policy_results": {"allowed": "BOOLEAN"},
                    "token_policies": ["VARCHAR"],
                    "token_ttl": "BIGINT",
                    "token_type": "VARCHAR"
                },
                "error": "VARCHAR",
                "request": {
                    "client_id": "VARCHAR",
                    "client_token_accessor": "VARCHAR",
                    "id": "VARCHAR",
                    "mount_class": "VARCHAR",
                    "mount_point": "VARCHAR",
                    "mount_type": "VARCHAR",
                    "namespace": {"path": "VARCHAR"},
                    "operation": "VARCHAR",
                    "path": "VARCHAR",
                    "remote_address": "VARCHAR"
                },
                "response": {"data": {"error": "VARCHAR"}}
            }') as entry
        from read_json(
            getvariable('paths'),
            format = 'newline_delimited',
            maximum_object_size = 40000000,
            columns = {evidence: 'varchar', line: 'bigint', device: 'varchar', recovered: 'varchar'}
        )
        where json_valid(recovered)
    )
    where getvariable('kind') = 'vault.audit-odd-lines/1'
)
