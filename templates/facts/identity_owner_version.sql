-- table: identity_owner_version
-- row: one identity and who answers for it, in each state of a register that a collection found
-- kind: register.identity-owner-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    identity,
    kind,
    owner,
    purpose,
    expires_at::timestamp_ns as expires_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        identity: 'varchar',
        kind: 'varchar',
        owner: 'varchar',
        purpose: 'varchar',
        expires_at: 'varchar'
    }
)
