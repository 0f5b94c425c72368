-- table: exception_approval_version
-- row: one approval in an exception file, in each state that a collection found
-- kind: exceptions.rows/1
-- part: approvals.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    exception_id,
    role,
    "name",
    approved_date,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        exception_id: 'varchar',
        role: 'varchar',
        "name": 'varchar',
        approved_date: 'date'
    }
)
