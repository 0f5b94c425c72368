-- table: vault_health
-- row: one answer of sys/health
-- kind: vault.health/1
-- Source: Vault API, "Read health information", fields of version 1.21.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    1::bigint as line,
    getvariable('source') as source,
    getvariable('at') as "at",
    version,
    cluster_id,
    cluster_name,
    initialized,
    sealed,
    standby,
    coalesce(enterprise, contains(version, '+ent')) as enterprise
from read_json(
    getvariable('paths'),
    format = 'unstructured',
    filename = true,
    columns = {
        version: 'varchar',
        cluster_id: 'varchar',
        cluster_name: 'varchar',
        initialized: 'boolean',
        sealed: 'boolean',
        standby: 'boolean',
        enterprise: 'boolean'
    }
)
