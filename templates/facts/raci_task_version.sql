-- table: raci_task_version
-- row: one task of a RACI, in each state that a collection found
-- kind: raci.rows/1
-- part: tasks.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    "file",
    task,
    coalesce(responsible, []) as responsible,
    coalesce(accountable, []) as accountable,
    coalesce(consulted, []) as consulted,
    coalesce(informed, []) as informed,
    coalesce(other, []) as other,
    version,
    approved_by,
    approved_date,
    reviewed_date,
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
        task: 'varchar',
        responsible: 'varchar[]',
        accountable: 'varchar[]',
        consulted: 'varchar[]',
        informed: 'varchar[]',
        other: 'varchar[]',
        version: 'varchar',
        approved_by: 'varchar',
        approved_date: 'date',
        reviewed_date: 'date',
        "commit": 'varchar',
        author: 'varchar',
        committed_at: 'varchar'
    }
)
