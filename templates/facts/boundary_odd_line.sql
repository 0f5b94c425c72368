-- table: boundary_odd_line
-- row: a line of an event log that was kept aside
-- kind: boundary.event-odd-lines/1
select
    evidence,
    line,
    device,
    byte_offset,
    size_bytes,
    reason,
    recovered
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    maximum_object_size = 40000000,
    columns = {
        evidence: 'varchar',
        line: 'bigint',
        device: 'varchar',
        byte_offset: 'bigint',
        size_bytes: 'bigint',
        reason: 'varchar',
        recovered: 'varchar'
    }
)
