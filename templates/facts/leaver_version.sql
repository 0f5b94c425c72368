-- table: leaver_version
-- row: one person who left or whose tasks changed, in each state of a register that a collection found
-- kind: register.leaver-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    person,
    event,
    effective_at::timestamp_ns as effective_at,
    privileged,
    coalesce(identities, []) as identities,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        person: 'varchar',
        event: 'varchar',
        effective_at: 'varchar',
        privileged: 'boolean',
        identities: 'varchar[]'
    }
)
