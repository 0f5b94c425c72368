-- table: vault_seal
-- row: one answer of sys/seal-status
-- kind: vault.seal-status/1
-- Source: Vault API, "Seal status", fields of version 1.21. With a seal that unseals itself the shares are those of the recovery keys.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    "type",
    initialized,
    sealed,
    t as threshold,
    n as shares,
    recovery_seal,
    migration,
    storage_type,
    version,
    (try_cast(build_date as timestamptz) at time zone 'UTC')::timestamp_ns as built_at
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    maximum_object_size = 67108864,
    columns = {
        "type": 'varchar',
        initialized: 'boolean',
        sealed: 'boolean',
        t: 'bigint',
        n: 'bigint',
        recovery_seal: 'boolean',
        migration: 'boolean',
        storage_type: 'varchar',
        version: 'varchar',
        build_date: 'varchar'
    }
)
