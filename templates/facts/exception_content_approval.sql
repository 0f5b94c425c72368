-- table: exception_content_approval
-- row: one approval in one content that an exception file had in the history of its folder; once for each collection that read the history anew
-- kind: exceptions.life/1
-- part: content-approvals.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the content as git keeps it.
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
