-- table: responsibility_version
-- row: one area of a responsibility matrix, in each state that a collection found
-- kind: responsibility.rows/1
-- part: areas.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    "file",
    area,
    control,
    iaas,
    paas,
    saas,
    team,
    validates,
    responds,
    contact,
    escalation,
    coalesce(handoffs, []) as handoffs,
    coalesce(remarks, []) as remarks,
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
        area: 'varchar',
        control: 'varchar',
        iaas: 'varchar',
        paas: 'varchar',
        saas: 'varchar',
        team: 'varchar',
        validates: 'varchar',
        responds: 'varchar',
        contact: 'varchar',
        escalation: 'varchar',
        handoffs: 'varchar[]',
        remarks: 'varchar[]',
        version: 'varchar',
        approved_by: 'varchar',
        approved_date: 'date',
        reviewed_date: 'date',
        "commit": 'varchar',
        author: 'varchar',
        committed_at: 'varchar'
    }
)
