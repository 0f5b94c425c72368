-- table: access_review_version
-- row: one decision on one grant in one review of access, in each state of a register that a collection found
-- kind: register.access-review-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    review_id,
    system,
    identity,
    grant_name,
    decision,
    decided_by,
    decided_at::timestamp_ns as decided_at,
    done_at::timestamp_ns as done_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        review_id: 'varchar',
        system: 'varchar',
        identity: 'varchar',
        grant_name: 'varchar',
        decision: 'varchar',
        decided_by: 'varchar',
        decided_at: 'varchar',
        done_at: 'varchar'
    }
)
