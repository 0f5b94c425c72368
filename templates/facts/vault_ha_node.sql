-- table: vault_ha_node
-- row: one node of a cluster in one snapshot
-- kind: vault.ha-status/1
-- Source: Vault API, "HA status", fields of version 1.21.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    node ->> '$.hostname' as hostname,
    node ->> '$.api_address' as api_address,
    node ->> '$.cluster_address' as cluster_address,
    try_cast(node ->> '$.active_node' as boolean) as active,
    node ->> '$.version' as version,
    (try_cast(node ->> '$.last_echo' as timestamptz) at time zone 'UTC')::timestamp_ns as last_echo_at,
    try_cast(node ->> '$.clock_skew_ms' as bigint) as clock_skew_ms,
    nullif(node ->> '$.redundancy_zone', '') as redundancy_zone
from (
    select filename, unnest("data".nodes) as node
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'struct(nodes json[])'}
    )
)
