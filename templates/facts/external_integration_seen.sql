-- table: external_integration_seen
-- row: one reference to something outside that one commit of the branch added, in each state that a collection found: external_integration has the newest
-- kind: codeowners.integrations/1
-- part: integrations.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the changed file as the commit left it.
select
    evidence,
    line,
    "source",
    branch,
    "commit",
    landed_at::timestamp_ns as landed_at,
    "path",
    "sort",
    "value",
    origin,
    own,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        branch: 'varchar',
        "commit": 'varchar',
        landed_at: 'varchar',
        "path": 'varchar',
        "sort": 'varchar',
        "value": 'varchar',
        origin: 'varchar',
        own: 'boolean'
    }
)
