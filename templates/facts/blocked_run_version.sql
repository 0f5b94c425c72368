-- table: blocked_run_version
-- row: one run of a gate with what it was to stop, in each state of a register that a collection found
-- kind: register.blocked-run-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    gate,
    command,
    fail_on,
    exit_status,
    ran_at::timestamp_ns as ran_at,
    reference,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        gate: 'varchar',
        command: 'varchar',
        fail_on: 'varchar',
        exit_status: 'bigint',
        ran_at: 'varchar',
        reference: 'varchar'
    }
)
