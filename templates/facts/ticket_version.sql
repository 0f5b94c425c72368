-- table: ticket_version
-- row: one ticket, in each state of a register that a collection found
-- kind: register.ticket-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    ticket_id,
    kind,
    subject,
    resource,
    requested_by,
    approved_by,
    approved_at::timestamp_ns as approved_at,
    valid_from::timestamp_ns as valid_from,
    valid_to::timestamp_ns as valid_to,
    closed_at::timestamp_ns as closed_at,
    status,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        ticket_id: 'varchar',
        kind: 'varchar',
        subject: 'varchar',
        resource: 'varchar',
        requested_by: 'varchar',
        approved_by: 'varchar',
        approved_at: 'varchar',
        valid_from: 'varchar',
        valid_to: 'varchar',
        closed_at: 'varchar',
        status: 'varchar'
    }
)
