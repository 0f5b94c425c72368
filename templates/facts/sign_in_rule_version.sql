-- table: sign_in_rule_version
-- row: one auth mount and how it lets people in, in each state of a register that a collection found
-- kind: register.sign-in-rule-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    mount,
    provider,
    federated,
    mfa_enforced,
    checked_at::timestamp_ns as checked_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        mount: 'varchar',
        provider: 'varchar',
        federated: 'boolean',
        mfa_enforced: 'boolean',
        checked_at: 'varchar'
    }
)
