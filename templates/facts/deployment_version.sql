-- table: deployment_version
-- row: one deployment of one commit, in each state of a register that a collection found
-- kind: register.deployment-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    environment,
    "commit",
    deployed_at::timestamp_ns as deployed_at,
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
        environment: 'varchar',
        "commit": 'varchar',
        deployed_at: 'varchar',
        reference: 'varchar'
    }
)
