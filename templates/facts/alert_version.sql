-- table: alert_version
-- row: one alert, in each state of a register that a collection found
-- kind: register.alert-rows/1
-- part: rows.ndjson
-- The rows were parsed by auditpack; parsed is the blob that holds them, evidence the file as people wrote it.
select
    evidence,
    line,
    "source",
    alert_id,
    raised_at::timestamp_ns as raised_at,
    identity,
    reason,
    ticket,
    handled_by,
    handled_at::timestamp_ns as handled_at,
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as parsed
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        "source": 'varchar',
        alert_id: 'varchar',
        raised_at: 'varchar',
        identity: 'varchar',
        reason: 'varchar',
        ticket: 'varchar',
        handled_by: 'varchar',
        handled_at: 'varchar'
    }
)
