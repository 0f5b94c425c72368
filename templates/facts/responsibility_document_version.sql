-- table: responsibility_document_version
-- row: one responsibility matrix or RACI, in each state that a collection found
-- kind: responsibility.rows/1, raci.rows/1
-- part: documents.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    "file",
    "document",
    version,
    approved_by,
    approved_date,
    reviewed_date,
    review_interval_days,
    coalesce(problems, []) as problems,
    "commit",
    author,
    committed_at::timestamp_ns as committed_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        "file": 'varchar',
        "document": 'varchar',
        version: 'varchar',
        approved_by: 'varchar',
        approved_date: 'date',
        reviewed_date: 'date',
        review_interval_days: 'bigint',
        problems: 'varchar[]',
        "commit": 'varchar',
        author: 'varchar',
        committed_at: 'varchar'
    }
)
