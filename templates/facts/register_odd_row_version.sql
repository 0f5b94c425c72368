-- table: register_odd_row_version
-- row: one row of a register that cannot be read in full, in each state of a register that a collection found
-- kind: register.leaver-rows/1, register.ticket-rows/1, register.alert-rows/1, register.sign-in-rule-rows/1, register.identity-owner-rows/1, register.log-store-rows/1, register.access-review-rows/1, register.blocked-run-rows/1, register.deployment-rows/1
-- part: odd-rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    register,
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
        register: 'varchar',
        problems: 'varchar[]'
    }
)
