-- table: document_version
-- row: one file that people supplied, as an index stated it in each state that a collection found
-- kind: documents.rows/1
-- part: documents.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    document_id,
    title,
    "file",
    content,
    coalesce(targets, []) as targets,
    owner,
    valid_from,
    valid_until,
    approver,
    coalesce(problems, []) as problems,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        document_id: 'varchar',
        title: 'varchar',
        "file": 'varchar',
        content: 'varchar',
        targets: 'varchar[]',
        owner: 'varchar',
        valid_from: 'date',
        valid_until: 'date',
        approver: 'varchar',
        problems: 'varchar[]'
    }
)
