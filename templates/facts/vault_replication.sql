-- table: vault_replication
-- row: one kind of replication in one answer of sys/replication/status
-- kind: vault.replication/1
-- Source: Vault API (Enterprise), "Check status" of replication, fields of version 1.21. Vault Community answers with a mode alone: a row for each kind has it.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    replication,
    coalesce(status ->> '$.mode', mode) as "mode",
    status ->> '$.state' as "state",
    nullif(status ->> '$.cluster_id', '') as cluster_id,
    nullif(status ->> '$.primary_cluster_addr', '') as primary_cluster_address,
    coalesce(try_cast(status -> '$.known_secondaries' as varchar[]), []) as known_secondaries,
    try_cast(status ->> '$.last_wal' as bigint) as last_wal,
    try_cast(status ->> '$.last_remote_wal' as bigint) as last_remote_wal
from (
    select
        filename,
        "data" ->> '$.mode' as mode,
        unnest([
            struct_pack(replication := 'dr', status := "data" -> '$.dr'),
            struct_pack(replication := 'performance', status := "data" -> '$.performance')
        ], recursive := true)
    from read_json(
        getvariable('paths'),
        format = 'unstructured',
        filename = true,
        maximum_object_size = 67108864,
        columns = {"data": 'json'}
    )
)
