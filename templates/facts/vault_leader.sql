-- table: vault_leader
-- row: one answer of sys/leader
-- kind: vault.leader/1
-- Source: Vault API, "Leader status", fields of version 1.21.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    ha_enabled,
    is_self,
    nullif(leader_address, '') as leader_address,
    nullif(leader_cluster_address, '') as leader_cluster_address,
    performance_standby,
    case when year(try_cast(active_time as timestamptz)) > 1 then (try_cast(active_time as timestamptz) at time zone 'UTC')::timestamp_ns end as active_since
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {
        ha_enabled: 'boolean',
        is_self: 'boolean',
        leader_address: 'varchar',
        leader_cluster_address: 'varchar',
        performance_standby: 'boolean',
        active_time: 'varchar'
    }
)
