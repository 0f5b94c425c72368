-- table: log_store_version
-- row: one log in one central store, in each state of a register that a collection found
-- kind: register.log-store-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    store,
    log,
    retention_days,
    immutable,
    oldest_retrieved_at::timestamp_ns as oldest_retrieved_at,
    tested_at::timestamp_ns as tested_at,
    tested_by,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        store: 'varchar',
        log: 'varchar',
        retention_days: 'bigint',
        immutable: 'boolean',
        oldest_retrieved_at: 'varchar',
        tested_at: 'varchar',
        tested_by: 'varchar'
    }
)
